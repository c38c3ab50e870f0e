"""All barriers of a site together: their devices, people's commands, fire, interlocks, free flow by schedule."""
