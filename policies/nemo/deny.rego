# What overrides every allow.
package authz

_denying(request, segments, operation) := "X1" if {
	operation.deny
} else := "X2" if {
	_fenced(segments)
} else := "X3" if {
	count(segments) == 9
	segments[4] == "workspaces"
	segments[6] == "secrets"
	segments[8] == "access"
	not _is_service(_id(request))
	_id(request)
} else := "X4" if {
	concat("/", segments) == "/apis/auth/v2/iam/opa-bundle.tar.gz"
	not _may_read_bundle(request, operation)
} else := "X5" if {
	_inner_entities(request, segments)
	not _is_service(_id(request))
	_id(request)
	not _platform_admin(_principals(request))
} else := "X6" if {
	operation.callers == "service_principal"
	not _is_service(_id(request))
	_id(request)
	not _platform_admin(_principals(request))
} else := "X7" if {
	operation.callers == "principal"
	_is_service(_id(request))
} else := "X8" if {
	data.authz_data.index.empty
	path := _path(request)
	not path in ["/health/live", "/health/ready", "/status", "/metrics", "/cluster-info"]
}

_may_read_bundle(request, operation) if {
	_scopes_fit(request, operation)
	_one_holds_all(_principals(request), "system", ["iam.bundle.read"])
}

# Everything of the entities API but workspaces themselves and their members, projects and entities.
_inner_entities(request, segments) if {
	startswith(concat("/", segments), "/apis/entities/v2/")
	not _entities_for_people([segment | some segment in segments; segment != ""], lower(_method(request)))
}

_entities_for_people(parts, method) if {
	count(parts) == 4
	parts[3] == "workspaces"
	method in ["get", "post"]
} else if {
	count(parts) == 5
	parts[3] == "workspaces"
	method in ["get", "put", "delete"]
} else if {
	count(parts) > 5
	parts[3] == "workspaces"
	parts[4] != "-"
	parts[5] in ["members", "projects", "entities"]
	method in ["get", "post", "put", "patch", "delete", "head"]
}
