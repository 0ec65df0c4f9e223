package authz_test

import data.authz

nowhere := "/apis/unknown/v1/things"

docs(workspace) := sprintf("/apis/docs/v2/workspaces/%s/docs", [workspace])

drafts(workspace) := sprintf("/apis/docs/v2/workspaces/%s/drafts", [workspace])

test_n1_platform_admin_passes_everywhere[name] if {
	some name, request in {
		"with permissions": call("root", "POST", docs("blue")),
		"in a workspace that nobody knows": call("root", "GET", docs("nowhere")),
		"in all workspaces": call("root", "DELETE", docs("-")),
		"unknown path": get("root", nowhere),
		"unknown method": call("root", "TRACE", docs("blue")),
		"operation that lists no permissions": call("root", "PUT", drafts("blue")),
		"without a path": {"principal_id": "root", "method": "GET"},
		"without a method": {"principal_id": "root", "path": docs("blue")},
		"with scopes that do not fit": with_fields(get("root", docs("blue")), {"scopes": ["jobs:read"]}),
		"by e-mail": with_fields(get("nobody", docs("blue")), {"principal_email": "root"}),
		"by group": with_fields(get("nobody", docs("blue")), {"principal_groups": ["others", "admins"]}),
		"by group beside an empty id": with_fields(get("", docs("blue")), {"principal_groups": ["admins"]}),
		"by group of a service": with_fields(get("service:narrow", nowhere), {"principal_groups": ["admins"]}),
	}
	allowed(request)
}

test_n1_needs_the_role_itself_in_system[name] if {
	some name, request in {
		"bound in another workspace": get("near", drafts("blue")),
		"included by another role": get("near", docs("red")),
		"written in lower case": get("ghost", docs("red")),
		"service without bindings": call("service:any", "PUT", drafts("blue")),
	}
	denied(object.union(request, {"method": "PUT"}))
}

admin_for_all := bound({"*": {"system": ["PlatformAdmin"]}})

test_n1_is_not_reached_through_everybody[id] if {
	some id in ["nobody", "bob", "service:any"]
	denied_in(admin_for_all, call(id, "PUT", drafts("blue")))
}

test_n1_is_reached_by_who_calls_himself_everybody if allowed_in(admin_for_all, call("*", "PUT", drafts("blue")))

test_n2_a_service_passes_where_nothing_matches[name] if {
	some name, request in {
		"unknown path": get("service:any", nowhere),
		"unknown path, writing": call("service:any", "DELETE", nowhere),
		"unknown path, odd method": call("service:any", "get", nowhere),
		"unknown path without a method": {"principal_id": "service:any", "path": nowhere},
		"with a binding of its own": get("service:narrow", nowhere),
		"with scopes": with_fields(get("service:any", nowhere), {"scopes": ["jobs:read"]}),
		"without a path": {"principal_id": "service:any", "method": "GET"},
		"without anything": {"principal_id": "service:any"},
		"with an empty path": get("service:any", ""),
		"empty name": get("service:", nowhere),
		"from Envoy": envoy("GET", nowhere, {"x-nmp-principal-id": "service:any"}),
	}
	allowed(request)
}

test_n2_is_for_ids_of_services_on_unknown_paths_only[name] if {
	some name, request in {
		"person": get("ann", nowhere),
		"person without a path": {"principal_id": "ann", "method": "GET"},
		"service as e-mail": with_fields(get("ann", nowhere), {"principal_email": "service:any"}),
		"service as group": with_fields(get("", nowhere), {"principal_groups": ["service:any"]}),
		"upper case": get("Service:any", nowhere),
		"no colon": get("service", nowhere),
		"space before": get(" service:any", nowhere),
		"known path, unlisted method": call("service:any", "TRACE", docs("blue")),
		"known path, operation without permissions": call("service:any", "PUT", drafts("blue")),
		"nobody": anonymous("GET", nowhere),
	}
	denied(request)
}

test_n3_one_principal_holds_all_in_the_workspace[name] if {
	some name, request in {
		"own permission": call("ann", "POST", docs("blue")),
		"inherited permission": get("ann", docs("blue")),
		"two permissions of one role": call("ann", "PUT", "/apis/docs/v2/workspaces/blue/docs/a"),
		"by e-mail": with_fields(get("bob", docs("red")), {"principal_email": "bob@acme.test"}),
		"by group": with_fields(get("bob", docs("red")), {"principal_groups": ["readers"]}),
		"through everybody": get("nobody", docs("open")),
		"one of two through everybody": with_fields(call("nobody", "PUT", "/apis/docs/v2/workspaces/open/docs/a"), {"principal_groups": ["updaters"]}),
		"service without bindings": call("service:any", "POST", docs("blue")),
		"service without bindings there": call("service:narrow", "POST", docs("red")),
		"service bound there": get("service:narrow", docs("blue")),
		"group that is a service": with_fields(call("nobody", "POST", docs("blue")), {"principal_groups": ["service:any"]}),
		"workspace system": get("cas", docs("system")),
		"method in lower case": call("ann", "get", docs("blue")),
		"method in mixed case": call("ann", "Post", docs("blue")),
		"fourth level of inheritance": call("levels", "PUT", "/apis/docs/v2/workspaces/blue/levels"),
	}
	allowed(request)
}

test_n3_denies_at_its_edge[name] if {
	some name, request in {
		"weaker role": call("bob", "POST", docs("blue")),
		"another workspace": get("ann", docs("red")),
		"workspace of another case": get("ann", docs("Blue")),
		"bound in system only": get("cas", docs("blue")),
		"unknown role": get("ghost", docs("blue")),
		"two principals hold one each": with_fields(call("bob", "PUT", "/apis/docs/v2/workspaces/blue/docs/a"), {"principal_groups": ["updaters"]}),
		"everybody's role is too weak": call("nobody", "POST", docs("open")),
		"service bound there to a weaker role": call("service:narrow", "POST", docs("blue")),
		"service that only a group is": call("service", "POST", docs("blue")),
		"fifth level of inheritance": get("levels", "/apis/docs/v2/workspaces/blue/levels"),
		"operation that lists no permissions": call("ann", "PUT", drafts("blue")),
		"unlisted method": call("ann", "HEAD", docs("blue")),
		"options": call("ann", "OPTIONS", docs("blue")),
		"without a method": {"principal_id": "ann", "path": docs("blue")},
		"nobody, where everybody may": anonymous("GET", docs("open")),
	}
	denied(request)
}

test_n4_a_service_writes_to_all_workspaces[name] if {
	some name, method in ["POST", "PUT", "PATCH", "DELETE"]
	allowed(call("service:any", method, docs("-")))
}

test_n4_needs_a_principal_that_is_a_service_and_holds_them_there[name] if {
	some name, request in {
		"person bound there": call("ann", "POST", docs("-")),
		"person who is nobody": call("nobody", "POST", docs("-")),
		"method in lower case": call("service:any", "post", docs("-")),
	}
	denied(request)
	denied_in(bound({"service:any": {"-": ["Reader"]}}), call("service:any", "POST", docs("-")))
	denied_in(bound({"service:any": {"system": ["Writer"], "-": ["Reader"]}}), call("service:any", "POST", docs("-")))
}

test_n4_a_group_or_email_may_be_the_service[name] if {
	some name, fields in {"e-mail": {"principal_email": "service:any"}, "group": {"principal_groups": ["others", "service:any"]}}
	allowed(with_fields(call("nobody", "POST", docs("-")), fields))
}

test_n4_everybody_counts_for_services_only if {
	state := bound({"*": {"-": ["Writer"]}, "service:any": {"-": ["Reader"]}})
	allowed_in(state, call("service:any", "POST", docs("-")))
	denied_in(state, call("nobody", "POST", docs("-")))
}

test_n5_without_a_workspace_permissions_are_held_in_system[name] if {
	some name, request in {
		"reading": get("cas", "/apis/docs/v2/docs"),
		"writing": call("cas", "POST", "/apis/docs/v2/docs"),
		"through everybody": call("bob", "POST", "/apis/entities/v2/workspaces"),
		"service": call("service:any", "POST", "/apis/docs/v2/docs"),
		"service bound elsewhere": call("service:narrow", "POST", "/apis/docs/v2/docs"),
		"method in lower case": call("cas", "post", "/apis/docs/v2/docs"),
	}
	allowed(request)
}

test_n5_denies_at_its_edge[name] if {
	some name, request in {
		"bound in another workspace": get("ann", "/apis/docs/v2/docs"),
		"another role in system": call("keeper", "POST", "/apis/docs/v2/docs"),
		"nobody, where everybody may": anonymous("POST", "/apis/entities/v2/workspaces"),
	}
	denied(request)
}

test_n5_a_service_is_narrowed_by_its_bindings_in_system if {
	state := bound({"service:any": {"system": ["Reader"]}})
	allowed_in(state, get("service:any", "/apis/docs/v2/docs"))
	denied_in(state, call("service:any", "POST", "/apis/docs/v2/docs"))
}

test_n5_takes_no_union if {
	state := bound({"one": {"system": ["Reader"]}, "two": {"system": ["Updater"]}})
	denied_in(state, with_fields(call("one", "POST", "/apis/docs/v2/docs"), {"principal_groups": ["two"]}))
	allowed_in(bound({"two": {"system": ["Writer"]}}), with_fields(call("one", "POST", "/apis/docs/v2/docs"), {"principal_groups": ["two"]}))
}

test_n6_reading_without_workspace_and_permissions[name] if {
	some name, request in {
		"empty list": get("nobody", open),
		"no list": get("nobody", "/apis/docs/v2/formats"),
		"method that is not configured": call("nobody", "HEAD", "/apis/docs/v2/docs"),
		"only writing is configured": get("nobody", "/apis/docs/v2/uploads"),
		"by group alone": with_fields(get("", open), {"principal_groups": ["others"]}),
		"service": call("service:any", "HEAD", "/apis/docs/v2/docs"),
	}
	allowed(request)
}

test_n6_denies_at_its_edge[name] if {
	some name, request in {
		"permissions listed": get("nobody", "/apis/docs/v2/docs"),
		"writing, no list": call("nobody", "PUT", open),
		"writing, not configured": call("nobody", "DELETE", open),
		"method in lower case": call("nobody", "head", "/apis/docs/v2/docs"),
		"unknown path": get("nobody", nowhere),
		"in a workspace": call("nobody", "HEAD", docs("blue")),
		"nobody": anonymous("GET", open),
	}
	denied(request)
}

test_n7_reading_all_workspaces[name] if {
	some name, request in {
		"permissions listed": get("nobody", docs("-")),
		"method that is not configured": call("nobody", "HEAD", docs("-")),
		"operation without permissions": get("nobody", drafts("-")),
		"more segments": get("nobody", "/apis/docs/v2/workspaces/-/docs/a"),
		"service": get("service:any", docs("-")),
		"narrowed service": get("service:narrow", docs("-")),
	}
	allowed(request)
}

test_n7_denies_at_its_edge[name] if {
	some name, request in {
		"nobody": anonymous("GET", docs("-")),
		"method in lower case": call("nobody", "get", docs("-")),
		"another method": call("nobody", "OPTIONS", docs("-")),
		"unknown path": get("nobody", "/apis/docs/v2/workspaces/-/none"),
		"scopes that do not fit": with_fields(get("nobody", docs("-")), {"scopes": ["jobs:read"]}),
		"not the workspace": get("nobody", "/apis/docs/v2/workspaces/blue/docs/-"),
		"encoded": get("nobody", docs("%2D")),
		"twice": get("nobody", docs("--")),
	}
	denied(request)
}

test_n8_an_empty_list_is_for_everybody_known[name] if {
	some name, request in {
		"in a workspace": get("nobody", drafts("blue")),
		"in a workspace, writing": call("nobody", "POST", drafts("blue")),
		"in all workspaces, writing": call("nobody", "POST", drafts("-")),
		"without a workspace": call("nobody", "POST", "/apis/docs/v2/formats"),
		"method in lower case": call("nobody", "post", drafts("blue")),
		"service": call("service:narrow", "POST", drafts("blue")),
		"by e-mail alone": with_fields(call("", "POST", drafts("blue")), {"principal_email": "nobody"}),
	}
	allowed(request)
}

test_n8_denies_at_its_edge[name] if {
	some name, request in {
		"no list": call("nobody", "PUT", drafts("blue")),
		"method that is not configured": call("nobody", "DELETE", drafts("blue")),
		"reading, not configured": call("nobody", "HEAD", drafts("blue")),
		"nobody": anonymous("POST", drafts("blue")),
		"empty id": call("", "POST", drafts("blue")),
		"unknown path": call("nobody", "POST", nowhere),
	}
	denied(request)
}

test_n9_health_is_for_everybody[name] if {
	some name, request in {
		"live": anonymous("GET", "/health/live"),
		"ready": anonymous("GET", "/health/ready"),
		"status": anonymous("GET", "/status"),
		"metrics": anonymous("GET", "/metrics"),
		"any method": anonymous("DELETE", "/status"),
		"without a method": {"path": "/status"},
		"empty id": get("", "/status"),
		"person": get("bob", "/status"),
		"configured with permissions": get("bob", "/metrics"),
		"scopes that do not fit": with_fields(get("bob", "/metrics"), {"scopes": ["jobs:read"]}),
		"from Envoy": envoy("GET", "/health/live", {}),
	}
	allowed(request)
}

test_n9_is_for_these_paths_exactly[path] if {
	some path in [
		"/health",
		"/health/",
		"/health/live/",
		"/health/live?full",
		"/health/Live",
		"/health/live/x",
		"//health/live",
		"health/live",
		"/status/",
		"/metrics?x",
		"/cluster-info",
		"/healthz",
		"",
	]
	denied(anonymous("GET", path))
}

scoped := get("bob", docs("blue"))

test_scopes_fit[name] if {
	some name, scopes in {
		"empty": [],
		"no colon": ["openid"],
		"many without a colon": ["openid", "profile", "", "docs.read"],
		"the one": ["docs:read"],
		"the other": ["platform:read"],
		"one of many": ["jobs:read", "openid", "docs:read"],
	}
	allowed(with_fields(scoped, {"scopes": scopes}))
}

test_scopes_do_not_fit[name] if {
	some name, scopes in {
		"of another operation": ["docs:write"],
		"of another area": ["jobs:read"],
		"address": ["https://docs.test/read"],
		"prefixed": ["api://portcullis/docs:read"],
		"colon alone": [":"],
		"upper case": ["DOCS:READ"],
		"space": ["docs:read "],
		"beside one without a colon": ["openid", "jobs:read"],
		"all": ["*:*"],
	}
	denied(with_fields(scoped, {"scopes": scopes}))
}

test_absent_scopes_do_not_restrict if allowed(scoped)

test_operations_without_scopes_take_any[name] if {
	some name, request in {
		"permissions": call("ann", "PUT", docs("blue")),
		"no permissions": get("nobody", open),
		"method that is not configured": call("nobody", "HEAD", "/apis/docs/v2/docs"),
	}
	allowed(with_fields(request, {"scopes": ["jobs:read"]}))
}

test_scopes_are_needed_by_every_rule_of_persons[name] if {
	some name, request in {
		"N3": get("bob", docs("blue")),
		"N4": call("service:any", "POST", docs("-")),
		"N5": get("keeper", "/apis/auth/v2/iam/opa-bundle.tar.gz"),
		"N6": get("nobody", "/apis/docs/v2/formats"),
		"N7": get("nobody", docs("-")),
		"N8": call("nobody", "POST", "/apis/docs/v2/formats"),
	}
	allowed(request)
	denied(with_fields(request, {"scopes": ["jobs:other"]}))
}

test_a_service_needs_fitting_scopes_on_known_paths if {
	allowed(with_fields(get("service:any", docs("blue")), {"scopes": ["docs:read"]}))
	denied(with_fields(get("service:any", docs("blue")), {"scopes": ["docs:write"]}))
}

test_delegation_does_not_restrict if {
	request := call("service:any", "POST", docs("blue"))
	allowed(with_fields(request, {"on_behalf_of_principal_id": "nobody", "principal_email": "nobody", "principal_groups": ["none"]}))
	denied(with_fields(call("nobody", "POST", docs("blue")), {"on_behalf_of_principal_id": "service:any"}))
}

test_without_authorization_data_everything_is_denied[name] if {
	some name, request in {
		"PlatformAdmin": get("root", open),
		"service": get("service:any", nowhere),
		"person": get("nobody", open),
		"health": anonymous("GET", "/health/live"),
	}
	denied_in({"data": {}, "bindings": bindings}, request)
}

test_bindings_alone_answer_nothing if {
	authz.allow == denial with input as get("root", open)
}
