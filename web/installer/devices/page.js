// The pages of the devices: the table looks every two seconds, a device's page follows its news.
import { $ } from "../../parts/base/dom.js";
import { awaitNews, followTable } from "./table.js";
import { showDevice } from "./device.js";

if ($("devices")) followTable($("devices"));
if ($("waits")) awaitNews();
if ($("device")) showDevice($("device"));
