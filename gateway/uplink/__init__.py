"""The way to central and to cameras that publish: the journal goes out over MQTT, orders and plates come in."""
