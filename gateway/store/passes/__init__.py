"""The pass registry: who may come in with what. Personal data is here and not in the journal.

In: passes singly (`registry.put`), in lists (`imports`, `bulk`) and from files (`files`), checked by `checks`. Out: the
passes of a credential, an id, a group or a search; files; QR codes of temporary passes (`codes`).
"""
