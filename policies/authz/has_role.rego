package authz

import data.authz.bindings

# METADATA
# title: Does the principal have this role?
# description: Bound literally; with `effective` also by roles that include it and by bindings of everybody. Result {"has_role"}.
# scope: document
# entrypoint: true
default has_role := {"has_role": false}

has_role := {"has_role": true} if {
	data.authz_data.index.grants["*"]
	not _malformed_identity(input)
	_name_of_workspace(input.workspace)
	is_string(input.role)
	is_boolean(object.get(input, "effective", false))
	_has_asked_role(_caller(input))
	_delegate_has_asked_role
}

_delegate_has_asked_role if {
	_delegate_id(input) == ""
} else if {
	_has_asked_role(_delegate(input))
}

_has_asked_role(principals) if {
	some principal in principals
	some role in bindings.roles(input.workspace, principal)
	_counts_as_asked(role)
} else if {
	_default_role(principals, input.workspace)
	_counts_as_asked("ServiceSystem")
} else if {
	principals
	input.effective == true
	some role in bindings.roles(input.workspace, "*")
	_counts_as_asked(role)
}

_counts_as_asked(role) if {
	role == input.role
} else if {
	input.effective == true
	data.authz_data.index.includers[input.role][role]
}
