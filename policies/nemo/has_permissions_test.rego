package authz_test

import data.authz

permissions_of(id, workspace, permissions) := {"principal_id": id, "workspace": workspace, "permissions": permissions}

holds(question) if has_permissions_in(world, question) == {"allowed": true}

lacks(question) if lacks_in(world, question)

lacks_in(state, question) if has_permissions_in(state, question) == {"allowed": false}

test_all_permissions_are_held_by_one_principal[name] if {
	some name, question in {
		"one": permissions_of("bob", "blue", ["docs.read"]),
		"inherited": permissions_of("ann", "blue", ["docs.read", "docs.create"]),
		"twice the same": permissions_of("bob", "blue", ["docs.read", "docs.read"]),
		"in system": permissions_of("keeper", "system", ["iam.bundle.read"]),
		"by e-mail": with_fields(permissions_of("bob", "red", ["docs.read"]), {"principal_email": "bob@acme.test"}),
		"by group": with_fields(permissions_of("bob", "red", ["docs.read"]), {"principal_groups": ["others", "readers"]}),
		"by group beside an empty id": with_fields(permissions_of("", "red", ["docs.read"]), {"principal_groups": ["readers"]}),
		"through everybody": permissions_of("nobody", "open", ["docs.read"]),
		"one through everybody": with_fields(permissions_of("nobody", "open", ["docs.read", "docs.update"]), {"principal_groups": ["updaters"]}),
		"service": permissions_of("service:any", "blue", ["docs.create"]),
		"service, permission in no role": permissions_of("service:any", "blue", ["nobody.has.this"]),
		"service, the permission that stands for all": permissions_of("service:any", "blue", ["*"]),
		"PlatformAdmin": permissions_of("root", "blue", ["nobody.has.this"]),
		"PlatformAdmin by group": with_fields(permissions_of("nobody", "blue", ["docs.read"]), {"principal_groups": ["admins"]}),
		"from Envoy": object.union(envoy("GET", nowhere, {"x-nmp-principal-id": "bob"}), {"workspace": "blue", "permissions": ["docs.read"]}),
	}
	holds(question)
}

test_one_permission_that_is_missing_denies[name] if {
	some name, question in {
		"weaker role": permissions_of("bob", "blue", ["docs.read", "docs.create"]),
		"another workspace": permissions_of("ann", "red", ["docs.read"]),
		"two principals hold one each": with_fields(permissions_of("bob", "blue", ["docs.read", "docs.update"]), {"principal_groups": ["updaters"]}),
		"everybody's role is too weak": permissions_of("nobody", "open", ["docs.read", "docs.update"]),
		"narrowed service": permissions_of("service:narrow", "blue", ["docs.create"]),
		"permission in no role": permissions_of("ann", "blue", ["nobody.has.this"]),
		"the permission that stands for all": permissions_of("ann", "blue", ["*"]),
		"upper case": permissions_of("ann", "blue", ["Docs.read"]),
		"beginning of a permission": permissions_of("ann", "blue", ["docs"]),
		"PlatformAdmin of another workspace": permissions_of("near", "blue", ["docs.read"]),
		"nobody, where everybody may": {"workspace": "open", "permissions": ["docs.read"]},
		"empty id": permissions_of("", "open", ["docs.read"]),
		"group without an id": {"principal_groups": ["admins"], "workspace": "red", "permissions": ["docs.read"]},
	}
	lacks(question)
}

test_a_permission_may_name_its_workspace[name] if {
	some name, question in {
		"there": permissions_of("ann", "red", ["blue/docs.create"]),
		"there and here": permissions_of("cas", "system", ["docs.read", "system/docs.create"]),
		"service": permissions_of("service:any", "red", ["blue/docs.read"]),
		"who calls himself everybody": permissions_of("*", "red", ["open/docs.read"]),
		"PlatformAdmin": permissions_of("root", "red", ["blue/docs.read"]),
	}
	holds(question)
}

test_a_permission_that_names_its_workspace_is_held_there_and_not_through_everybody[name] if {
	some name, question in {
		"held here only": permissions_of("ann", "blue", ["red/docs.read"]),
		"through everybody": permissions_of("nobody", "open", ["open/docs.read"]),
		"narrowed service": permissions_of("service:narrow", "red", ["blue/docs.create"]),
		"one of two": permissions_of("ann", "blue", ["docs.read", "red/docs.read"]),
		"one here, one there": permissions_of("ann", "red", ["docs.read", "blue/docs.read"]),
	}
	lacks(question)
}

test_permissions_ignore_scopes if {
	holds(with_fields(permissions_of("bob", "blue", ["docs.read"]), {"scopes": ["jobs:read"]}))
}

test_permissions_of_a_wrong_type_or_form_are_not_held[name] if {
	some name, permissions in {
		"none": [],
		"null": null,
		"number": 5,
		"true": true,
		"text": "docs.read",
		"empty text": "",
		"object": {"docs.read": "docs.read"},
		"empty object": {},
		"list of a number": [5],
		"list of null": [null],
		"list of a list": [["docs.read"]],
		"one of many": ["docs.read", 5],
		"empty": [""],
		"two slashes": ["blue/docs/read"],
		"no workspace": ["/docs.read"],
		"no permission": ["blue/"],
	}
	every id in ["ann", "root", "service:any"] {
		lacks(permissions_of(id, "blue", permissions))
	}
}

test_permissions_are_asked_in_one_workspace[name] if {
	some name, workspace in {
		"null": null,
		"number": 5,
		"false": false,
		"list": ["blue"],
		"object": {"blue": "blue"},
		"empty": "",
		"all": "-",
		"star": "*",
		"two": "blue/red",
	}
	every id in ["ann", "root", "service:any"] {
		lacks(permissions_of(id, workspace, ["docs.read"]))
	}
}

test_a_question_about_permissions_needs_all_its_parts[name] if {
	some name, question in {
		"no workspace": {"principal_id": "root", "permissions": ["docs.read"]},
		"no permissions": {"principal_id": "root", "workspace": "blue"},
		"nothing": {},
		"null": null,
		"text": "root",
		"list": [permissions_of("root", "blue", ["docs.read"])],
	}
	lacks(question)
}

test_identity_of_a_wrong_type_holds_nothing[name] if {
	some field, values in {
		"principal_id": [5, false, ["root"]],
		"principal_email": [5, false, ["root"]],
		"principal_groups": [5, false, "admins", {"admins": "admins"}, [5]],
		"on_behalf_of_principal_id": [5],
		"attributes": [5, {"request": {"http": {"headers": {"host": 5}}}}],
	}
	some value in values
	name := sprintf("%s %v", [field, value])
	question := with_fields(permissions_of("root", "blue", ["docs.read"]), {field: value})
	lacks(question)
	has_role_in(world, with_fields(question, {"workspace": "system", "role": "PlatformAdmin"})) == {"has_role": false}
}

test_without_data_or_input_no_permission_is_held if {
	lacks_in({"data": {}, "bindings": bindings}, permissions_of("ann", "blue", ["docs.read"]))
	authz.has_permissions == {"allowed": false} with data.authz_data as world.data
}
