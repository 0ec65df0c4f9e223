package authz_test

import data.authz

role_of(id, workspace, role) := {"principal_id": id, "workspace": workspace, "role": role}

has(question) if has_role_in(world, question) == {"has_role": true}

has_not(question) if has_role_in(world, question) == {"has_role": false}

effective(question) := with_fields(question, {"effective": true})

test_a_role_is_bound_literally[name] if {
	some name, question in {
		"to the id": role_of("ann", "blue", "Writer"),
		"to the e-mail": with_fields(role_of("bob", "red", "Reader"), {"principal_email": "bob@acme.test"}),
		"to a group": with_fields(role_of("bob", "red", "Reader"), {"principal_groups": ["others", "readers"]}),
		"to a group beside an empty id": with_fields(role_of("", "red", "Reader"), {"principal_groups": ["readers"]}),
		"that is unknown": role_of("ghost", "blue", "Nobody"),
		"in system": role_of("root", "system", "PlatformAdmin"),
		"to a service": role_of("service:narrow", "blue", "Reader"),
		"to a service by default": role_of("service:any", "blue", "ServiceSystem"),
		"to a service by default elsewhere": role_of("service:narrow", "red", "ServiceSystem"),
		"to everybody, who calls himself so": role_of("*", "open", "Reader"),
		"from Envoy": object.union(envoy("GET", nowhere, {"x-nmp-principal-id": "ann"}), {"workspace": "blue", "role": "Writer"}),
		"whatever the scopes": with_fields(role_of("ann", "blue", "Writer"), {"scopes": ["jobs:read"]}),
		"effective is false": with_fields(role_of("ann", "blue", "Writer"), {"effective": false}),
	}
	has(question)
}

test_a_role_is_not_had_otherwise[name] if {
	some name, question in {
		"included": role_of("ann", "blue", "Reader"),
		"through everybody": role_of("nobody", "open", "Reader"),
		"another workspace": role_of("ann", "red", "Writer"),
		"workspace of another case": role_of("ann", "Blue", "Writer"),
		"upper case": role_of("ann", "blue", "WRITER"),
		"PlatformAdmin": role_of("root", "blue", "Writer"),
		"PlatformAdmin elsewhere": role_of("root", "blue", "PlatformAdmin"),
		"narrowed service": role_of("service:narrow", "blue", "ServiceSystem"),
		"service has all permissions": role_of("service:any", "blue", "Writer"),
		"person": role_of("ann", "blue", "ServiceSystem"),
		"group without an id": {"principal_groups": ["readers"], "workspace": "red", "role": "Reader"},
		"nobody": {"workspace": "open", "role": "Reader"},
		"empty": role_of("ann", "blue", ""),
	}
	has_not(question)
}

test_an_effective_role_follows_inheritance_and_everybody[name] if {
	some name, question in {
		"itself": role_of("ann", "blue", "Writer"),
		"included": role_of("ann", "blue", "Reader"),
		"included at the fourth level": role_of("levels", "blue", "Level4"),
		"through everybody": role_of("nobody", "open", "Reader"),
		"that is unknown": role_of("ghost", "blue", "Nobody"),
		"PlatformAdmin by inheritance": role_of("near", "system", "PlatformAdmin"),
		"service by default": role_of("service:any", "blue", "ServiceSystem"),
	}
	has(effective(question))
}

test_an_effective_role_is_not_had_otherwise[name] if {
	some name, question in {
		"that includes it": role_of("bob", "blue", "Writer"),
		"included at the fifth level": role_of("levels", "blue", "Level5"),
		"another workspace": role_of("ann", "red", "Reader"),
		"service, though it has all permissions": role_of("service:any", "blue", "Reader"),
		"role that nobody defines": role_of("ann", "blue", "Nobody"),
		"nobody, where everybody has it": {"workspace": "open", "role": "Reader"},
		"empty id": role_of("", "open", "Reader"),
	}
	has_not(effective(question))
}

test_a_question_about_a_role_of_a_wrong_type_is_answered_no[name] if {
	some field, values in {
		"workspace": [null, 5, false, ["blue"], {"blue": "blue"}, "", "-", "*", "blue/red"],
		"role": [null, 5, false, ["Writer"], {"Writer": true}],
		"effective": [null, 0, 1, "true", "", [], {}],
	}
	some value in values
	name := sprintf("%s %v", [field, value])
	has_not(object.union(object.remove(role_of("ann", "blue", "Writer"), [field]), {field: value}))
}

test_a_question_about_a_role_needs_all_its_parts[name] if {
	some name, question in {
		"no workspace": {"principal_id": "ann", "role": "Writer"},
		"no role": {"principal_id": "ann", "workspace": "blue"},
		"nothing": {},
		"null": null,
		"text": "ann",
		"list": [role_of("ann", "blue", "Writer")],
	}
	has_not(question)
}

test_without_data_bindings_alone_answer_for_roles if {
	has_role_in({"data": {}, "bindings": bindings}, role_of("ann", "blue", "Writer")) == {"has_role": true}
	has_role_in({"data": {}, "bindings": bindings}, effective(role_of("ann", "blue", "Reader"))) == {"has_role": false}
}

test_without_input_no_role_is_had if {
	authz.has_role == {"has_role": false} with data.authz_data as world.data
}
