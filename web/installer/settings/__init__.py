"""The forms of the settings: sections of the site file in, the working draft out. Nothing is applied here."""
