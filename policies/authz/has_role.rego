package authz

# METADATA
# title: Does the principal have this role?
# description: Bound literally; with `effective` also by roles that include it and by bindings of everybody. Result {"has_role"}.
# scope: document
# entrypoint: true
default has_role := {"has_role": false}

has_role := {"has_role": true} if {
	_identity_well_formed
	_role_question
	_caller_kind != "anonymous"
	_has_asked_role(_caller_principals)
	_delegate_has_asked_role
}

_role_question if {
	_workspace_name(input.workspace)
	is_string(input.role)
	not _effective_malformed
}

_effective_malformed if not is_boolean(object.get(input, "effective", false))

default _delegate_has_asked_role := false

_delegate_has_asked_role if {
	not _delegated
} else if {
	_caller_kind == "service"
	_is_person(_delegate_id)
	_has_asked_role(_delegate_principals)
}

_has_asked_role(principals) if {
	some principal in principals
	some role in _asked_roles[principal]
	_counts_as_asked(role)
} else if {
	startswith(principals[0], "service:")
	not _asked_roles[principals[0]]
	_counts_as_asked("ServiceSystem")
} else if {
	input.effective == true
	some role in _asked_roles["*"]
	_counts_as_asked(role)
}

_counts_as_asked(role) if {
	role == input.role
} else if {
	input.effective == true
	_index.includers[input.role][role]
}
