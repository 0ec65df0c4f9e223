# Role bindings, embedded: the slice that the host attached to the input; the host drops whatever a caller sent under this name.
package authz.bindings

# {principal: [role, …]} of the given principals in one workspace.
in_workspace(workspace, _) := value if {
	value := input.bindings[workspace]
} else := {}
