"""The installer's pages: a room for each screen, and the frame that all of them share."""
