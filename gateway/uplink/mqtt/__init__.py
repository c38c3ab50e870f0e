"""The MQTT connection: send with a window, listen, reconnect."""
