"""The health of the gateway: devices, storage, uplink and clock, as rows and alarms."""
