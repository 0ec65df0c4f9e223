# Role bindings, external OPA: all of them, sharded by the first two hex digits of the SHA-256 of the principal. `input.bindings` is never read.
package authz.bindings

# The roles bound to a stored principal in a workspace: a list, or undefined.
roles(workspace, principal) := data.authz_bindings[_shard(principal)].principals[principal].workspaces[workspace]

_shard(principal) := substring(crypto.sha256(principal), 0, 2)
