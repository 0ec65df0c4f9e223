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
	"routes": [
		null,
		null,
		{
			"position": 1,
			"groups": {
				"metrics": [
					{"runs": [1, 2], "filled": [], "routes": {"metrics": [{"endpoint": "/metrics", "rank": 0, "named": [], "after_workspaces": [], "operations": {"GET": {"permissions": ["docs.read"], "scopes": {"docs:read": true}}}}]}},
				],
			},
			"others": [],
		},
		{
			"position": 1,
			"groups": {
				"-": [
					{"runs": [1, 2], "filled": [2], "routes": {"-": [{"endpoint": "/-/{page}", "rank": 1, "named": [], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}},
				],
			},
			"others": [],
		},
		{
			"position": 1,
			"groups": {},
			"others": [
				{"runs": [0, 1], "filled": [1, 2, 3], "routes": {"": [{"endpoint": "/{page}/{part}/{rest}", "rank": 3, "named": [], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}},
			],
		},
		{
			"position": 4,
			"groups": {
				"docs": [
					{"runs": [1, 5], "filled": [], "routes": {"apis": {"docs": {"v2": {"docs": [{"endpoint": "/apis/docs/v2/docs", "rank": 0, "named": [], "after_workspaces": [], "operations": {"GET": {"permissions": ["docs.read"]}, "POST": {"permissions": ["docs.create"]}}}]}}}}},
				],
				"formats": [
					{"runs": [1, 5], "filled": [], "routes": {"apis": {"docs": {"v2": {"formats": [{"endpoint": "/apis/docs/v2/formats", "rank": 0, "named": [], "after_workspaces": [], "operations": {"GET": {"scopes": {"docs:read": true}}, "POST": {"permissions": [], "scopes": {"docs:write": true}}}}]}}}}},
				],
				"open": [
					{"runs": [1, 5], "filled": [], "routes": {"apis": {"docs": {"v2": {"open": [{"endpoint": "/apis/docs/v2/open", "rank": 0, "named": [], "after_workspaces": [], "operations": {"GET": {"permissions": []}, "PUT": {}}}]}}}}},
				],
				"types": [
					{"runs": [1, 5], "filled": [], "routes": {"apis": {"entities": {"v2": {"types": [{"endpoint": "/apis/entities/v2/types", "rank": 0, "named": [], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"uploads": [
					{"runs": [1, 5], "filled": [], "routes": {"apis": {"docs": {"v2": {"uploads": [{"endpoint": "/apis/docs/v2/uploads", "rank": 0, "named": [], "after_workspaces": [], "operations": {"POST": {"permissions": ["docs.create"]}}}]}}}}},
				],
				"workspaces": [
					{"runs": [1, 5], "filled": [], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces", "rank": 0, "named": [], "after_workspaces": [], "operations": {"GET": {"permissions": []}, "POST": {"permissions": ["workspaces.create"]}, "PUT": {"permissions": []}}}]}}}}},
				],
			},
			"others": [],
		},
		{
			"position": 2,
			"groups": {
				"auth": [
					{"runs": [1, 6], "filled": [], "routes": {"apis": {"auth": {"v2": {"iam": {"opa-bundle.tar.gz": [{"endpoint": "/apis/auth/v2/iam/opa-bundle.tar.gz", "rank": 0, "named": [], "after_workspaces": [], "operations": {"GET": {"permissions": ["iam.bundle.read"], "scopes": {"iam:read": true, "platform:read": true}}}}]}}}}}},
				],
				"entities": [
					{"runs": [1, 5], "filled": [5], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}", "rank": 1, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": ["docs.read"]}, "PATCH": {"permissions": []}, "PUT": {"permissions": ["docs.update"]}}}]}}}}},
				],
				"maps": [
					{"runs": [1, 6], "filled": [], "routes": {"apis": {"maps": {"v2": {"blue": {"regions": [{"endpoint": "/apis/maps/v2/blue/regions", "rank": 0, "named": [], "after_workspaces": [], "operations": {"GET": {"permissions": ["docs.update"]}}}]}}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4], "routes": {"apis": {"maps": {"v2": {"regions": [{"endpoint": "/apis/maps/v2/{workspace}/regions", "rank": 1, "named": [4], "after_workspaces": [], "operations": {"GET": {"permissions": ["docs.read"]}}}]}}}}},
				],
			},
			"others": [],
		},
		{
			"position": 6,
			"groups": {
				"approvals": [
					{"runs": [1, 5, 6, 7], "filled": [5], "routes": {"apis": {"jobs": {"v2": {"workspaces": {"approvals": [{"endpoint": "/apis/jobs/v2/workspaces/{workspace}/approvals", "rank": 1, "named": [5], "after_workspaces": [5], "operations": {"POST": {"permissions": ["jobs.approve"], "callers": "principal"}}}]}}}}}},
					{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"blue": [
					{"runs": [1, 4, 5, 7], "filled": [4], "routes": {"apis": {"maps": {"v2": {"cities": {"blue": [{"endpoint": "/apis/maps/v2/{workspace}/cities/blue", "rank": 1, "named": [4], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}}},
					{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"closed": [
					{"runs": [1, 5, 6, 7], "filled": [5], "routes": {"apis": {"jobs": {"v2": {"workspaces": {"closed": [{"endpoint": "/apis/jobs/v2/workspaces/{workspace}/closed", "rank": 1, "named": [5], "after_workspaces": [5], "operations": {"GET": {"permissions": [], "deny": true}, "POST": {"permissions": []}}}]}}}}}},
					{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"docs": [
					{"runs": [1, 5, 6, 7], "filled": [5], "routes": {"apis": {"docs": {"v2": {"projects": {"docs": [{"endpoint": "/apis/docs/v2/projects/{workspace_id}/docs", "rank": 1, "named": [5], "after_workspaces": [], "operations": {"GET": {"permissions": ["docs.read"]}}}]}, "workspaces": {"docs": [{"endpoint": "/apis/docs/v2/workspaces/{workspace}/docs", "rank": 1, "named": [5], "after_workspaces": [5], "operations": {"DELETE": {"permissions": ["docs.create"]}, "GET": {"permissions": ["docs.read"], "scopes": {"docs:read": true, "platform:read": true}}, "PATCH": {"permissions": ["docs.create"]}, "POST": {"permissions": ["docs.create"], "scopes": {"docs:write": true, "platform:write": true}}, "PUT": {"permissions": ["docs.create"]}}}]}}}}}},
					{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"drafts": [
					{"runs": [1, 5, 6, 7], "filled": [5], "routes": {"apis": {"docs": {"v2": {"workspaces": {"drafts": [{"endpoint": "/apis/docs/v2/workspaces/{workspace}/drafts", "rank": 1, "named": [5], "after_workspaces": [5], "operations": {"GET": {"permissions": []}, "POST": {"permissions": []}, "PUT": {}}}]}}}}}},
					{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"layers": [
					{"runs": [1, 5, 6, 7], "filled": [5], "routes": {"apis": {"maps": {"v2": {"workspaces": {"layers": [{"endpoint": "/apis/maps/v2/workspaces/{id}/layers", "rank": 1, "named": [], "after_workspaces": [5], "operations": {"GET": {"permissions": ["docs.read"]}}}]}}}}}},
					{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"levels": [
					{"runs": [1, 5, 6, 7], "filled": [5], "routes": {"apis": {"docs": {"v2": {"workspaces": {"levels": [{"endpoint": "/apis/docs/v2/workspaces/{workspace}/levels", "rank": 1, "named": [5], "after_workspaces": [5], "operations": {"GET": {"permissions": ["level.five"]}, "PUT": {"permissions": ["level.four"]}}}]}}}}}},
					{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"notes": [
					{"runs": [1, 5, 6, 7], "filled": [5], "routes": {"apis": {"jobs": {"v2": {"workspaces": {"notes": [{"endpoint": "/apis/jobs/v2/workspaces/{workspace}/notes", "rank": 1, "named": [5], "after_workspaces": [5], "operations": {"POST": {"permissions": []}}}]}}}}}},
					{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"reports": [
					{"runs": [1, 5, 6, 7], "filled": [5], "routes": {"apis": {"maps": {"v2": {"blue": {"reports": [{"endpoint": "/apis/maps/v2/blue/{area}/reports", "rank": 1, "named": [], "after_workspaces": [], "operations": {"GET": {"permissions": ["docs.read"]}}}]}}}}}},
					{"runs": [1, 4, 5, 7], "filled": [4], "routes": {"apis": {"maps": {"v2": {"world": {"reports": [{"endpoint": "/apis/maps/v2/{workspace}/world/reports", "rank": 1, "named": [4], "after_workspaces": [], "operations": {"GET": {"permissions": ["docs.read"]}}}]}}}}}},
					{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"steps": [
					{"runs": [1, 5, 6, 7], "filled": [5], "routes": {"apis": {"jobs": {"v2": {"workspaces": {"steps": [{"endpoint": "/apis/jobs/v2/workspaces/{workspace}/steps", "rank": 1, "named": [5], "after_workspaces": [5], "operations": {"POST": {"permissions": [], "callers": "service_principal"}}}]}}}}}},
					{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
					{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
			},
			"others": [
				{"runs": [1, 5], "filled": [5, 6], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}", "rank": 2, "named": [], "after_workspaces": [5], "operations": {"DELETE": {"permissions": []}, "GET": {"permissions": []}, "HEAD": {"permissions": []}, "OPTIONS": {"permissions": []}, "PATCH": {"permissions": []}, "POST": {"permissions": []}, "PUT": {"permissions": []}}}]}}}}},
				{"runs": [1, 4, 5, 6], "filled": [4, 6], "routes": {"apis": {"maps": {"v2": {"cities": [{"endpoint": "/apis/maps/v2/{country}/cities/{workspace}", "rank": 2, "named": [6], "after_workspaces": [], "operations": {"GET": {"permissions": []}}}]}}}}},
			],
		},
		{
			"position": 2,
			"groups": {
				"docs": [
					{"runs": [1, 5, 6, 8], "filled": [5], "routes": {"apis": {"docs": {"v2": {"workspaces": {"docs": {"latest": [{"endpoint": "/apis/docs/v2/workspaces/{workspace}/docs/latest", "rank": 1, "named": [5], "after_workspaces": [5], "operations": {"GET": {"permissions": ["docs.update"]}}}]}}}}}}},
					{"runs": [1, 5, 6, 7], "filled": [5, 7], "routes": {"apis": {"docs": {"v2": {"workspaces": {"shelves": [{"endpoint": "/apis/docs/v2/workspaces/{id}/shelves/{workspace}", "rank": 2, "named": [7], "after_workspaces": [5], "operations": {"GET": {"permissions": ["docs.read"]}}}], "docs": [{"endpoint": "/apis/docs/v2/workspaces/{workspace}/docs/{name}", "rank": 2, "named": [5], "after_workspaces": [5], "operations": {"GET": {"permissions": ["docs.read"]}, "PUT": {"permissions": ["docs.read", "docs.update"]}}}]}}}}}},
				],
				"entities": [
					{"runs": [1, 5], "filled": [5, 6, 7], "routes": {"apis": {"entities": {"v2": {"workspaces": [{"endpoint": "/apis/entities/v2/workspaces/{id}/{collection}/{name}", "rank": 3, "named": [], "after_workspaces": [5], "operations": {"GET": {"permissions": []}}}]}}}}},
				],
				"maps": [
					{"runs": [1, 5, 6, 7], "filled": [5, 7], "routes": {"apis": {"maps": {"v2": {"workspaces": {"workspaces": [{"endpoint": "/apis/maps/v2/workspaces/{id}/workspaces/{copy}", "rank": 2, "named": [], "after_workspaces": [5, 7], "operations": {"GET": {"permissions": []}}}]}}}}}},
				],
			},
			"others": [],
		},
		{
			"position": 2,
			"groups": {
				"files": [
					{"runs": [1, 5, 6, 9], "filled": [5], "routes": {"apis": {"files": {"v2": {"workspaces": {"files": {"-": {"index": [{"endpoint": "/apis/files/v2/workspaces/{workspace}/files/-/index", "rank": 1, "named": [5], "after_workspaces": [5], "operations": {"GET": {"permissions": []}}}]}}}}}}}},
				],
				"secrets": [
					{"runs": [1, 5, 6, 7, 8, 9], "filled": [5, 7], "routes": {"apis": {"secrets": {"v2": {"workspaces": {"secrets": {"access": [{"endpoint": "/apis/secrets/v2/workspaces/{workspace}/secrets/{name}/access", "rank": 2, "named": [5], "after_workspaces": [5], "operations": {"GET": {"permissions": ["docs.read"]}}}]}}}}}}},
				],
			},
			"others": [],
		},
		{
			"position": 1,
			"groups": {
				"apis": [
					{"runs": [1, 5, 6, 9], "filled": [5, 9], "routes": {"apis": {"files": {"v2": {"workspaces": {"files": {"-": {"meta": [{"endpoint": "/apis/files/v2/workspaces/{workspace}/files/-/meta/{name}", "rank": 2, "named": [5], "after_workspaces": [5], "operations": {"GET": {"permissions": ["docs.read"]}}}]}}}}}}}},
				],
			},
			"others": [],
		},
	],
	"trailing": [
		{
			"position": 7,
			"masks": [
				{"runs": [1, 5, 6, 7], "filled": [5], "routes": {"apis": {"files": {"v2": {"workspaces": {"files": [{"endpoint": "/apis/files/v2/workspaces/{workspace}/files/-/{path}", "rank": 2, "named": [5], "after_workspaces": [5], "operations": {"GET": {"permissions": ["docs.read"]}}}]}}}}}},
			],
		},
	],
	"denied": {"lengths": [3, 7], "prefixes": {"/apis/docs/v2/workspaces/blue/burnt": true, "/apis/fenced": true}},
}
