import { expect, it } from "vitest"
import { providerKind } from "../../../src/login/index.js"

it.each([
  ["https://login.microsoftonline.com/contoso/v2.0", "azure"],
  ["https://login.microsoftonline.us/contoso/v2.0", "azure"],
  ["https://login.partner.microsoftonline.cn/contoso/v2.0", "azure"],
  ["https://sts.windows.net/contoso/", "azure"],
  ["https://contoso.ciamlogin.com/contoso/v2.0", "azure"],
  ["https://dev-1234.okta.com/oauth2/default", "okta"],
  ["https://example.oktapreview.com", "okta"],
  ["https://id.example.com/oauth2/default", "okta"],
  ["https://id.example.com/oauth2/aus9o8wzkhckw9TLa0h7", "okta"],
  ["https://sso.example.com/realms/portcullis", "keycloak"],
  ["https://sso.example.com/auth/realms/portcullis/", "keycloak"],
  ["http://127.0.0.1:9400", "other"],
  ["https://okta.com.example.com", "other"],
  ["https://login.microsoftonline.com.example.com/x", "other"],
  ["no URL", "other"],
])("%s is %s", (issuer, kind) => {
  expect(providerKind(issuer)).toBe(kind)
})
