# What overrides every allow.
package authz

_denying(operation) := "X1" if {
	operation.deny
} else := "X2" if {
	_fenced(data.authz_data.index, _request_segments)
} else := "X3" if {
	count(_request_segments) == 9
	_request_segments[4] == "workspaces"
	_request_segments[6] == "secrets"
	_request_segments[8] == "access"
	not _is_service(_id(input))
	_id(input)
} else := "X4" if {
	concat("/", _request_segments) == "/apis/auth/v2/iam/opa-bundle.tar.gz"
	not _may_read_bundle(operation)
} else := "X5" if {
	_inner_entities
	not _is_service(_id(input))
	_id(input)
	not _platform_admin(_request_principals)
} else := "X6" if {
	operation.callers == "service_principal"
	not _is_service(_id(input))
	_id(input)
	not _platform_admin(_request_principals)
} else := "X7" if {
	operation.callers == "principal"
	_is_service(_id(input))
} else := "X8" if {
	data.authz_data.index.empty
	path := _path(input)
	not path in ["/health/live", "/health/ready", "/status", "/metrics", "/cluster-info"]
}

_may_read_bundle(operation) if {
	_scopes_fit(operation)
	_one_holds_all(_request_principals, "system", ["iam.bundle.read"])
}

# Everything of the entities API but workspaces themselves and their members, projects and entities.
_inner_entities if {
	startswith(concat("/", _request_segments), "/apis/entities/v2/")
	not _entities_for_people([segment | some segment in _request_segments; segment != ""], lower(_method(input)))
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
