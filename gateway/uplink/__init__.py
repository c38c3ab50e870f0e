"""The uplink process: sends the journal to central over MQTT, receives central's commands and plates of cameras."""
