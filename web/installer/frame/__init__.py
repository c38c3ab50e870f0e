"""What all pages of the installer share: who may enter, the navigation, the look, the draft of the settings."""
