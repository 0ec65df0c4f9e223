# Role bindings, external OPA: all bindings, sharded by the first two hex digits of the SHA-256 of the principal. `input.bindings` is never read.
package authz.bindings

# {principal: [role, …]} of the given principals in one workspace.
in_workspace(workspace, principals) := {principal: roles |
	some principal in principals
	roles := data.authz_bindings[_shard(principal)].principals[principal].workspaces[workspace]
}

_shard(principal) := substring(crypto.sha256(principal), 0, 2)
