"""The shell around the core: threads, queues, dispatch, storage and the control socket of one gateway."""
