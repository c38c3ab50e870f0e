"""The devices at the gate: a folder for each model, under the kind of device that it is."""
