"""What must outlive a power cut: the journal, the passes, the settings, the secrets and the projections.

One file, one writing process (the engine); everybody else reads with `mode=ro`. `directory` knows where things lie,
`journal` and `reader` hold the truth, `registry` and `passfile` the passes, `documents` and `secrets` the settings,
`state` what follows from the journal, `sqlite` and `migrations` what all databases share.
"""
