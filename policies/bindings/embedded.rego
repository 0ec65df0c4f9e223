# Role bindings, embedded: the slice that the host attached to the input. The host drops whatever a caller sent under this name.
package authz.bindings

# The roles bound to a stored principal in a workspace: a list, or undefined.
roles(workspace, principal) := input.bindings[workspace][principal]
