package authz

# METADATA
# title: May this request pass, in a word?
# description: The answer of `allow` as a boolean; to build and write its object costs a tenth of a decision.
# scope: document
# entrypoint: true
default allowed := false

allowed if _allowed(input)
