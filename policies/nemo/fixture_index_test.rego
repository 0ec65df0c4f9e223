# What the loader compiles from `document` for this profile; test/unit/authorization-data/nemo-fixture.test.ts compares the two.
package authz_test

index := {
	"grants": {
		"*": {"ServiceSystem": true},
		"docs.create": {"ServiceSystem": true, "Writer": true},
		"docs.read": {"Reader": true, "ServiceSystem": true, "Writer": true},
		"docs.update": {"ServiceSystem": true, "Updater": true, "Writer": true},
		"iam.bundle.read": {"BundleReader": true, "PlatformAdmin": true, "ServiceSystem": true, "SuperAdmin": true},
		"jobs.approve": {"ServiceSystem": true},
		"level.five": {"Level1": true, "Level2": true, "Level3": true, "Level4": true, "Level5": true, "ServiceSystem": true},
		"level.four": {"Level0": true, "Level1": true, "Level2": true, "Level3": true, "Level4": true, "ServiceSystem": true},
		"workspaces.create": {"ServiceSystem": true, "WorkspaceCreator": true},
	},
	"includers": {
		"BundleReader": {"BundleReader": true},
		"Level0": {"Level0": true},
		"Level1": {"Level0": true, "Level1": true},
		"Level2": {"Level0": true, "Level1": true, "Level2": true},
		"Level3": {"Level0": true, "Level1": true, "Level2": true, "Level3": true},
		"Level4": {"Level0": true, "Level1": true, "Level2": true, "Level3": true, "Level4": true},
		"Level5": {"Level1": true, "Level2": true, "Level3": true, "Level4": true, "Level5": true},
		"PlatformAdmin": {"PlatformAdmin": true, "SuperAdmin": true},
		"Reader": {"Reader": true, "Writer": true},
		"ServiceSystem": {"ServiceSystem": true},
		"SuperAdmin": {"SuperAdmin": true},
		"Updater": {"Updater": true},
		"WorkspaceCreator": {"WorkspaceCreator": true},
		"Writer": {"Writer": true},
	},
	"levels": [
		null,
		null,
		{
			"position": 1,
			"groups": {
				"metrics": [{"number": 16, "runs": [1, 2], "filled": []}],
			},
			"others": [],
		},
		{
			"position": 1,
			"groups": {
				"-": [{"number": 0, "runs": [1, 2], "filled": [2]}],
			},
			"others": [],
		},
		{
			"position": 1,
			"groups": {},
			"others": [{"number": 17, "runs": [0, 1], "filled": [1, 2, 3]}],
		},
		{
			"position": 1,
			"groups": {
				"apis": [{"number": 2, "runs": [1, 5], "filled": []}],
			},
			"others": [],
		},
		{
			"position": 2,
			"groups": {
				"auth": [{"number": 1, "runs": [1, 6], "filled": []}],
				"entities": [{"number": 6, "runs": [1, 5], "filled": [5]}],
				"maps": [{"number": 1, "runs": [1, 6], "filled": []}, {"number": 14, "runs": [1, 4, 5, 6], "filled": [4]}],
			},
			"others": [],
		},
		{
			"position": 2,
			"groups": {
				"docs": [{"number": 3, "runs": [1, 5, 6, 7], "filled": [5]}],
				"entities": [{"number": 7, "runs": [1, 5], "filled": [5, 6]}],
				"jobs": [{"number": 3, "runs": [1, 5, 6, 7], "filled": [5]}],
				"maps": [{"number": 3, "runs": [1, 5, 6, 7], "filled": [5]}, {"number": 13, "runs": [1, 4, 5, 7], "filled": [4]}, {"number": 12, "runs": [1, 4, 5, 6], "filled": [4, 6]}],
			},
			"others": [],
		},
		{
			"position": 2,
			"groups": {
				"docs": [{"number": 5, "runs": [1, 5, 6, 8], "filled": [5]}, {"number": 4, "runs": [1, 5, 6, 7], "filled": [5, 7]}],
				"entities": [{"number": 8, "runs": [1, 5], "filled": [5, 6, 7]}],
				"maps": [{"number": 4, "runs": [1, 5, 6, 7], "filled": [5, 7]}],
			},
			"others": [],
		},
		{
			"position": 2,
			"groups": {
				"files": [{"number": 9, "runs": [1, 5, 6, 9], "filled": [5]}],
				"secrets": [{"number": 15, "runs": [1, 5, 6, 7, 8, 9], "filled": [5, 7]}],
			},
			"others": [],
		},
		{
			"position": 1,
			"groups": {
				"apis": [{"number": 10, "runs": [1, 5, 6, 9], "filled": [5, 9]}],
			},
			"others": [],
		},
	],
	"trailing": [
		{"position": 7, "masks": [{"number": 11, "runs": [1, 5, 6, 7], "filled": [5]}]},
	],
	"routes": [
		{
			"-": [{"endpoint": "/-/{page}", "rank": 1, "named": [], "after_workspaces": [], "operations": 0}],
		},
		{
			"apis/auth/v2/iam/opa-bundle.tar.gz": [{"endpoint": "/apis/auth/v2/iam/opa-bundle.tar.gz", "rank": 0, "named": [], "after_workspaces": [], "operations": 1}],
			"apis/maps/v2/blue/regions": [{"endpoint": "/apis/maps/v2/blue/regions", "rank": 0, "named": [], "after_workspaces": [], "operations": 25}],
		},
		{
			"apis/docs/v2/docs": [{"endpoint": "/apis/docs/v2/docs", "rank": 0, "named": [], "after_workspaces": [], "operations": 2}],
			"apis/docs/v2/formats": [{"endpoint": "/apis/docs/v2/formats", "rank": 0, "named": [], "after_workspaces": [], "operations": 3}],
			"apis/docs/v2/open": [{"endpoint": "/apis/docs/v2/open", "rank": 0, "named": [], "after_workspaces": [], "operations": 4}],
			"apis/docs/v2/uploads": [{"endpoint": "/apis/docs/v2/uploads", "rank": 0, "named": [], "after_workspaces": [], "operations": 6}],
			"apis/entities/v2/types": [{"endpoint": "/apis/entities/v2/types", "rank": 0, "named": [], "after_workspaces": [], "operations": 13}],
			"apis/entities/v2/workspaces": [{"endpoint": "/apis/entities/v2/workspaces", "rank": 0, "named": [], "after_workspaces": [], "operations": 14}],
		},
		{
			"apis/docs/v2/projects/docs": [{"endpoint": "/apis/docs/v2/projects/{workspace_id}/docs", "rank": 1, "named": [5], "after_workspaces": [], "operations": 5}],
			"apis/docs/v2/workspaces/docs": [{"endpoint": "/apis/docs/v2/workspaces/{workspace}/docs", "rank": 1, "named": [5], "after_workspaces": [5], "operations": 8}],
			"apis/docs/v2/workspaces/drafts": [{"endpoint": "/apis/docs/v2/workspaces/{workspace}/drafts", "rank": 1, "named": [5], "after_workspaces": [5], "operations": 11}],
			"apis/docs/v2/workspaces/levels": [{"endpoint": "/apis/docs/v2/workspaces/{workspace}/levels", "rank": 1, "named": [5], "after_workspaces": [5], "operations": 12}],
			"apis/jobs/v2/workspaces/approvals": [{"endpoint": "/apis/jobs/v2/workspaces/{workspace}/approvals", "rank": 1, "named": [5], "after_workspaces": [5], "operations": 21}],
			"apis/jobs/v2/workspaces/closed": [{"endpoint": "/apis/jobs/v2/workspaces/{workspace}/closed", "rank": 1, "named": [5], "after_workspaces": [5], "operations": 22}],
			"apis/jobs/v2/workspaces/notes": [{"endpoint": "/apis/jobs/v2/workspaces/{workspace}/notes", "rank": 1, "named": [5], "after_workspaces": [5], "operations": 23}],
			"apis/jobs/v2/workspaces/steps": [{"endpoint": "/apis/jobs/v2/workspaces/{workspace}/steps", "rank": 1, "named": [5], "after_workspaces": [5], "operations": 24}],
			"apis/maps/v2/blue/reports": [{"endpoint": "/apis/maps/v2/blue/{area}/reports", "rank": 1, "named": [], "after_workspaces": [], "operations": 26}],
			"apis/maps/v2/workspaces/layers": [{"endpoint": "/apis/maps/v2/workspaces/{id}/layers", "rank": 1, "named": [], "after_workspaces": [5], "operations": 27}],
		},
		{
			"apis/docs/v2/workspaces/shelves": [{"endpoint": "/apis/docs/v2/workspaces/{id}/shelves/{workspace}", "rank": 2, "named": [7], "after_workspaces": [5], "operations": 7}],
			"apis/docs/v2/workspaces/docs": [{"endpoint": "/apis/docs/v2/workspaces/{workspace}/docs/{name}", "rank": 2, "named": [5], "after_workspaces": [5], "operations": 10}],
			"apis/maps/v2/workspaces/workspaces": [{"endpoint": "/apis/maps/v2/workspaces/{id}/workspaces/{copy}", "rank": 2, "named": [], "after_workspaces": [5, 7], "operations": 28}],
		},
		{
			"apis/docs/v2/workspaces/docs/latest": [{"endpoint": "/apis/docs/v2/workspaces/{workspace}/docs/latest", "rank": 1, "named": [5], "after_workspaces": [5], "operations": 9}],
		},
		{
			"apis/entities/v2/workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}", "rank": 1, "named": [], "after_workspaces": [5], "operations": 15}],
		},
		{
			"apis/entities/v2/workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": 16}],
		},
		{
			"apis/entities/v2/workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}/{name}", "rank": 3, "named": [], "after_workspaces": [5], "operations": 17}],
		},
		{
			"apis/files/v2/workspaces/files/-/index": [{"endpoint": "/apis/files/v2/workspaces/{workspace}/files/-/index", "rank": 1, "named": [5], "after_workspaces": [5], "operations": 18}],
		},
		{
			"apis/files/v2/workspaces/files/-/meta": [{"endpoint": "/apis/files/v2/workspaces/{workspace}/files/-/meta/{name}", "rank": 2, "named": [5], "after_workspaces": [5], "operations": 19}],
		},
		{
			"apis/files/v2/workspaces/files": [{"endpoint": "/apis/files/v2/workspaces/{workspace}/files/-/{path}", "rank": 2, "named": [5], "after_workspaces": [5], "operations": 20}],
		},
		{
			"apis/maps/v2/cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": 29}],
		},
		{
			"apis/maps/v2/cities/blue": [{"endpoint": "/apis/maps/v2/{workspace}/cities/blue", "rank": 1, "named": [4], "after_workspaces": [], "operations": 30}],
			"apis/maps/v2/world/reports": [{"endpoint": "/apis/maps/v2/{workspace}/world/reports", "rank": 1, "named": [4], "after_workspaces": [], "operations": 32}],
		},
		{
			"apis/maps/v2/regions": [{"endpoint": "/apis/maps/v2/{workspace}/regions", "rank": 1, "named": [4], "after_workspaces": [], "operations": 31}],
		},
		{
			"apis/secrets/v2/workspaces/secrets/access": [{"endpoint": "/apis/secrets/v2/workspaces/{workspace}/secrets/{name}/access", "rank": 2, "named": [5], "after_workspaces": [5], "operations": 33}],
		},
		{
			"metrics": [{"endpoint": "/metrics", "rank": 0, "named": [], "after_workspaces": [], "operations": 34}],
		},
		{
			"": [{"endpoint": "/{page}/{part}/{rest}", "rank": 3, "named": [], "after_workspaces": [], "operations": 35}],
		},
	],
	"operations": [
		{"GET": {"permissions": []}},
		{"GET": {"permissions": ["iam.bundle.read"], "scopes": {"iam:read": true, "platform:read": true}}},
		{"GET": {"permissions": ["docs.read"]}, "POST": {"permissions": ["docs.create"]}},
		{"GET": {"scopes": {"docs:read": true}}, "POST": {"permissions": [], "scopes": {"docs:write": true}}},
		{"GET": {"permissions": []}, "PUT": {}},
		{"GET": {"permissions": ["docs.read"]}},
		{"POST": {"permissions": ["docs.create"]}},
		{"GET": {"permissions": ["docs.read"]}},
		{"DELETE": {"permissions": ["docs.create"]}, "GET": {"permissions": ["docs.read"], "scopes": {"docs:read": true, "platform:read": true}}, "PATCH": {"permissions": ["docs.create"]}, "POST": {"permissions": ["docs.create"], "scopes": {"docs:write": true, "platform:write": true}}, "PUT": {"permissions": ["docs.create"]}},
		{"GET": {"permissions": ["docs.update"]}},
		{"GET": {"permissions": ["docs.read"]}, "PUT": {"permissions": ["docs.read", "docs.update"]}},
		{"GET": {"permissions": []}, "POST": {"permissions": []}, "PUT": {}},
		{"GET": {"permissions": ["level.five"]}, "PUT": {"permissions": ["level.four"]}},
		{"GET": {"permissions": []}},
		{"GET": {"permissions": []}, "POST": {"permissions": ["workspaces.create"]}, "PUT": {"permissions": []}},
		{"DELETE": {"permissions": []}, "GET": {"permissions": ["docs.read"]}, "PATCH": {"permissions": []}, "PUT": {"permissions": ["docs.update"]}},
		{"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}},
		{"GET": {"permissions": []}},
		{"GET": {"permissions": []}},
		{"GET": {"permissions": ["docs.read"]}},
		{"GET": {"permissions": ["docs.read"]}},
		{"POST": {"permissions": ["jobs.approve"], "callers": "principal"}},
		{"GET": {"permissions": [], "deny": true}, "POST": {"permissions": []}},
		{"POST": {"permissions": []}},
		{"POST": {"permissions": [], "callers": "service_principal"}},
		{"GET": {"permissions": ["docs.update"]}},
		{"GET": {"permissions": ["docs.read"]}},
		{"GET": {"permissions": ["docs.read"]}},
		{"GET": {"permissions": []}},
		{"GET": {"permissions": []}},
		{"GET": {"permissions": []}},
		{"GET": {"permissions": ["docs.read"]}},
		{"GET": {"permissions": ["docs.read"]}},
		{"GET": {"permissions": ["docs.read"]}},
		{"GET": {"permissions": ["docs.read"], "scopes": {"docs:read": true}}},
		{"GET": {"permissions": []}},
	],
	"denied": {"lengths": [3, 7], "prefixes": {"/apis/docs/v2/workspaces/blue/burnt": true, "/apis/fenced": true}},
}
