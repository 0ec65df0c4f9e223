package authz

# METADATA
# title: Does the principal have this role, by the reference's rules?
# description: Bound literally; with `effective` (ours) also by roles that include it and by bindings of everybody. Result {"has_role"}.
# scope: document
# entrypoint: true
default has_role := {"has_role": false}

has_role := {"has_role": true} if {
	not _malformed_identity(input)
	_names_workspace(input.workspace)
	is_string(input.role)
	is_boolean(object.get(input, "effective", false))
	some principal in _role_principals
	some role in _effective_roles(principal, input.workspace)
	_counts_as_asked(role)
}

_role_principals := array.concat(_principals(input), ["*"]) if {
	input.effective == true
	count(_principals(input)) > 0
} else := _principals(input)

_counts_as_asked(role) if {
	role == input.role
} else if {
	input.effective == true
	data.authz_data.index.includers[input.role][role]
}
