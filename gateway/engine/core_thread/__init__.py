"""The core thread: takes events, lets the core decide, carries out its commands."""
