package authz_test

closed := "/apis/jobs/v2/workspaces/blue/closed"

steps := "/apis/jobs/v2/workspaces/blue/steps"

approvals := "/apis/jobs/v2/workspaces/blue/approvals"

secret := "/apis/secrets/v2/workspaces/blue/secrets/key/access"

bundle := "/apis/auth/v2/iam/opa-bundle.tar.gz"

everybody := {
	"PlatformAdmin": {"principal_id": "root"},
	"service": {"principal_id": "service:any"},
	"person": {"principal_id": "ann"},
	"nobody": {},
}

test_x1_a_closed_operation_is_closed_for_everybody[name] if {
	some name, caller in everybody
	denied(with_fields(caller, {"method": "GET", "path": closed}))
	denied(with_fields(caller, {"method": "get", "path": closed}))
}

test_x1_closes_one_method[name] if {
	some name, request in {
		"another method": call("ann", "POST", closed),
		"HEAD for PlatformAdmin": call("root", "HEAD", closed),
	}
	allowed(request)
}

test_x2_a_fence_denies_everybody[name] if {
	some caller, fields in everybody
	some path in ["/apis/fenced", "/apis/fenced/", "/apis/fenced/v1/x", "/apis/fenced//x", "/apis/fenced?x", "/apis/fenced/x?y"]
	name := sprintf("%s: %s", [caller, path])
	denied(with_fields(fields, {"method": "GET", "path": path}))
}

test_x2_a_fence_goes_before_templates if {
	denied(call("root", "GET", "/apis/docs/v2/workspaces/blue/burnt"))
	allowed(call("root", "GET", "/apis/docs/v2/workspaces/red/burnt"))
}

test_x2_a_fence_ends_at_its_segments[path] if {
	some path in [
		"/apis/fenced-not/x",
		"/apis/fence",
		"/apis/fencedx",
		"/apis/Fenced/x",
		"/apis",
		"/x/apis/fenced",
		"//apis/fenced/x",
		"apis/fenced/x",
		"/apis/%66enced/x",
		"/apis?/fenced",
	]
	allowed(get("service:any", path))
}

test_x2_a_fence_with_a_last_slash_does_not_cover_what_is_below[name] if {
	some name, expected in {"/apis/other": true, "/apis/other/": false, "/apis/other/x": true, "/apis/other//x": false}
	state := indexed({"denied": {"lengths": [4], "prefixes": {"/apis/other/": true}}})
	allow_in(state, get("service:any", name)).allowed == expected
}

test_x2_an_empty_fence_denies_every_absolute_path[path] if {
	some path, expected in {"/": false, "/apis/unknown": false, "": false, "apis/unknown": true}
	state := indexed({"denied": {"lengths": [1], "prefixes": {"": true}}})
	allow_in(state, get("service:any", path)).allowed == expected
}

test_x2_without_fences_nothing_is_fenced if {
	state := {"data": {"index": object.remove(index, ["denied"])}, "bindings": bindings}
	allowed_in(state, get("service:any", "/apis/fenced/x"))
}

test_x3_values_of_secrets_are_for_services[name] if {
	some name, request in {
		"service": get("service:any", secret),
		"service bound there": get("service:narrow", secret),
		"area that is unknown": get("service:any", "/a/b/c/workspaces/d/secrets/e/access"),
	}
	allowed(request)
}

test_x3_denies_everybody_else[name] if {
	some name, request in {
		"person who holds the permission": get("ann", secret),
		"PlatformAdmin": get("root", secret),
		"PlatformAdmin, unlisted method": call("root", "DELETE", secret),
		"PlatformAdmin by group": with_fields(get("", secret), {"principal_groups": ["admins"]}),
		"person whose group is a service": with_fields(get("ann", secret), {"principal_groups": ["service:any"]}),
		"any area": get("root", "/apis/keys/v1/workspaces/blue/secrets/x/access"),
		"any words before": get("root", "/a/b/c/workspaces/d/secrets/e/access"),
		"empty segments": get("root", "////workspaces//secrets//access"),
		"with a query": get("root", concat("?", [secret, "x=/y"])),
		"nobody": anonymous("GET", secret),
	}
	denied(request)
}

test_x3_is_about_this_shape_only[name] if {
	some name, path in {
		"last slash": concat("", [secret, "/"]),
		"one segment more": concat("", ["/apis", secret]),
		"one segment less": "/apis/v2/workspaces/blue/secrets/key/access",
		"another collection": "/apis/docs/v2/workspaces/blue/files/key/access",
		"another parent": "/apis/docs/v2/projects/blue/secrets/key/access",
		"another end": "/apis/docs/v2/workspaces/blue/secrets/key/rotate",
		"upper case": "/apis/docs/v2/workspaces/blue/secrets/key/Access",
		"encoded": "/apis/docs/v2/workspaces/blue/%73ecrets/key/access",
	}
	allowed(get("root", path))
}

test_x4_the_bundle_needs_its_permission_in_system[name] if {
	some name, request in {
		"own role": get("keeper", bundle),
		"PlatformAdmin": get("root", bundle),
		"service": get("service:any", bundle),
		"with fitting scopes": with_fields(get("root", bundle), {"scopes": ["iam:read"]}),
		"with a query": get("root", concat("", [bundle, "?x"])),
		"by group": with_fields(get("nobody", bundle), {"principal_groups": ["admins"]}),
	}
	allowed(request)
}

test_x4_denies_everybody_else[name] if {
	some name, request in {
		"person": get("cas", bundle),
		"person, method that is not configured": call("nobody", "HEAD", bundle),
		"PlatformAdmin with scopes that do not fit": with_fields(get("root", bundle), {"scopes": ["docs:read"]}),
		"service with scopes that do not fit": with_fields(get("service:any", bundle), {"scopes": ["docs:read"]}),
		"nobody": anonymous("GET", bundle),
	}
	denied(request)
	denied_in(bound({"service:any": {"system": ["Reader"]}}), get("service:any", bundle))
}

test_x4_holds_where_the_bundle_is_unknown if {
	state := indexed({"levels": [null, null, null, null, null, null]})
	allowed_in(state, get("root", bundle))
	allowed_in(state, get("service:any", bundle))
	denied_in(object.union(state, {"bindings": {"service:any": {"system": ["Reader"]}}}), get("service:any", bundle))
}

test_x4_is_about_this_path_only if {
	narrowed := bound({"service:any": {"system": ["Reader"]}})
	allowed_in(narrowed, get("service:any", concat("", [bundle, "/"])))
	allowed_in(narrowed, get("service:any", concat("", ["/", bundle])))
}

test_x5_persons_reach_workspaces_and_what_is_in_them[name] if {
	some name, request in {
		"list of workspaces": get("nobody", "/apis/entities/v2/workspaces"),
		"new workspace": call("bob", "POST", "/apis/entities/v2/workspaces"),
		"workspace": get("bob", "/apis/entities/v2/workspaces/blue"),
		"changed workspace": call("ann", "PUT", "/apis/entities/v2/workspaces/blue"),
		"deleted workspace": call("nobody", "DELETE", "/apis/entities/v2/workspaces/blue"),
		"all workspaces as one": get("nobody", "/apis/entities/v2/workspaces/-"),
		"members": get("nobody", "/apis/entities/v2/workspaces/blue/members"),
		"projects": call("nobody", "POST", "/apis/entities/v2/workspaces/blue/projects"),
		"entities": call("nobody", "PUT", "/apis/entities/v2/workspaces/blue/entities"),
		"patch": call("nobody", "PATCH", "/apis/entities/v2/workspaces/blue/entities"),
		"delete": call("nobody", "DELETE", "/apis/entities/v2/workspaces/blue/entities"),
		"head": call("nobody", "HEAD", "/apis/entities/v2/workspaces/blue/members"),
		"lower case": call("nobody", "get", "/apis/entities/v2/workspaces/blue/members"),
		"one member": get("nobody", "/apis/entities/v2/workspaces/blue/members/ann"),
		"with a query": get("nobody", "/apis/entities/v2/workspaces/blue/members?x=/y"),
	}
	allowed(request)
}

inner_entities := {
	"collection beside workspaces": get("nobody", "/apis/entities/v2/types"),
	"another method on workspaces": call("nobody", "PUT", "/apis/entities/v2/workspaces"),
	"another method on a workspace": call("nobody", "PATCH", "/apis/entities/v2/workspaces/blue"),
	"another collection": get("nobody", "/apis/entities/v2/workspaces/blue/bindings"),
	"in another collection": get("nobody", "/apis/entities/v2/workspaces/blue/bindings/members"),
	"members of all workspaces": get("nobody", "/apis/entities/v2/workspaces/-/members"),
	"entity of all workspaces": get("nobody", "/apis/entities/v2/workspaces/-/entities/x"),
	"options": call("nobody", "OPTIONS", "/apis/entities/v2/workspaces/blue/members"),
	"with a query": get("nobody", "/apis/entities/v2/types?workspaces"),
}

test_x5_persons_do_not_reach_the_rest[name] if {
	some name, request in inner_entities
	denied(request)
	denied(with_fields(request, {"principal_groups": ["service:any"]}))
}

test_x5_platform_admin_and_services_reach_the_rest[name] if {
	some name, request in object.remove(inner_entities, ["in another collection"])
	allowed(with_fields(request, {"principal_id": "root"}))
	allowed(with_fields(request, {"principal_groups": ["admins"]}))
	allowed(with_fields(request, {"principal_id": "service:any"}))
}

test_x5_empty_segments_do_not_count[name] if {
	some name, path in {"last slash": "/apis/entities/v2/workspaces/blue/", "double slash": "/apis/entities/v2//workspaces"}
	allowed_in(bound({"service:any": {"system": ["Reader"]}}), get("service:any", path))
	denied(get("nobody", path))
}

test_x6_a_route_for_services[name] if {
	some name, request in {
		"service": call("service:any", "POST", steps),
		"PlatformAdmin": call("root", "POST", steps),
		"PlatformAdmin by group": with_fields(call("ann", "POST", steps), {"principal_groups": ["admins"]}),
	}
	allowed(request)
}

test_x6_denies_persons[name] if {
	some name, request in {
		"person": call("ann", "POST", steps),
		"method in lower case": call("ann", "post", steps),
		"group that is a service": with_fields(call("ann", "POST", steps), {"principal_groups": ["service:any"]}),
		"empty id beside a group that is a service": with_fields(call("", "POST", steps), {"principal_groups": ["service:any"]}),
		"nobody": anonymous("POST", steps),
	}
	denied(request)
}

test_x7_a_route_for_persons[name] if {
	some name, request in {
		"PlatformAdmin": call("root", "POST", approvals),
		"person by a group that is a service": with_fields(call("ann", "POST", approvals), {"principal_groups": ["service:any"]}),
		"empty id beside a group that is a service": with_fields(call("", "POST", approvals), {"principal_groups": ["service:any"]}),
	}
	allowed(request)
}

test_x7_denies_services[name] if {
	some name, request in {
		"service": call("service:any", "POST", approvals),
		"service that is PlatformAdmin": with_fields(call("service:any", "POST", approvals), {"principal_groups": ["admins"]}),
		"method in lower case": call("service:any", "post", approvals),
	}
	denied(request)
}

test_a_route_for_both_takes_both[id] if {
	some id in ["ann", "service:any"]
	allowed(call(id, "POST", "/apis/jobs/v2/workspaces/blue/notes"))
}

no_endpoints := {"data": {"index": {"grants": index.grants, "includers": index.includers, "levels": [], "trailing": [], "routes": [], "operations": [], "empty": true}}, "bindings": bindings}

test_x8_without_endpoints_every_path_is_denied[name] if {
	some caller, fields in everybody
	some path in [open, nowhere, "", "/", "/status/", "/status?x", "/health/live/", "/cluster-info/"]
	name := sprintf("%s: %s", [caller, path])
	denied_in(no_endpoints, with_fields(fields, {"method": "GET", "path": path}))
}

test_x8_leaves_health_open[path] if {
	some path in ["/health/live", "/health/ready", "/status", "/metrics"]
	allowed_in(no_endpoints, anonymous("GET", path))
}

test_x8_leaves_other_rules_to_decide[name] if {
	some name, expected in {
		"service without a path": {"request": {"principal_id": "service:any"}, "allowed": true},
		"PlatformAdmin without a path": {"request": {"principal_id": "root"}, "allowed": true},
		"person without a path": {"request": {"principal_id": "ann"}, "allowed": false},
		"service on cluster-info": {"request": get("service:any", "/cluster-info"), "allowed": true},
		"person on cluster-info": {"request": get("ann", "/cluster-info"), "allowed": false},
	}
	allow_in(no_endpoints, expected.request).allowed == expected.allowed
}
