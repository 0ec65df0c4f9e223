import { accounts, login } from "./accounts.mjs"
import { approval } from "./approval.mjs"

/**
 * The page on which a person types the code that the terminal shows, logs in, and lets the device in or not. Works without JavaScript.
 * Fields of its form: `user_code`, `account`, `password`, `decision` (approve or deny).
 *
 * @returns a listener for `GET` and `POST /device`
 */
export function devicePage(options) {
  return async (provider, request, response) => {
    const { searchParams } = new URL(request.url, options.issuer)
    if (request.method === "GET") return send(response, 200, formPage(searchParams.get("user_code") ?? ""))
    const form = new URLSearchParams(await bodyOf(request))
    const [status, page] = await decided(provider, form, options)
    send(response, status, page)
  }
}

async function decided(provider, form, options) {
  const userCode = form.get("user_code") ?? ""
  const code = await provider.DeviceCode.findByUserCode(userCode.toUpperCase().replace(/[^A-Z]/g, ""))
  if (!code) return [404, formPage("", "There is no such code, or it has expired; run the login again.")]
  if (code.accountId || code.error) return [409, formPage("", "This code has been used.")]
  if (form.get("decision") === "deny") {
    Object.assign(code, { error: "access_denied", errorDescription: "the person denied it" })
    await code.save()
    return [200, messagePage("Denied", "The device has not been let in. You can close this page.")]
  }
  const account = login(form.get("account"), form.get("password"))
  if (!account) return [403, formPage(userCode, "Wrong password: it is the name of the account.")]
  const approved = await approval(provider, code.clientId, account, code.params.scope ?? "openid", options)
  Object.assign(code, approved, { authTime: Math.floor(Date.now() / 1000) })
  await code.save()
  return [200, messagePage("Logged in", `You are ${account.name}. You can close this page; the terminal goes on by itself.`)]
}

function formPage(userCode, problem) {
  const choices = [...accounts.keys()].map((name) => `<option>${escaped(name)}</option>`)
  return document(
    "Log in with a code",
    `${problem ? `<p role="alert"><strong>${escaped(problem)}</strong></p>` : ""}
<p>Go on only if you have just started a login and the code below is the one that it shows.</p>
<form method="post" action="/device">
  <p><label>Code <input name="user_code" value="${escaped(userCode)}" required autocomplete="off"></label></p>
  <p><label>Account <select name="account">${choices.join("")}</select></label></p>
  <p><label>Password (the name of the account) <input type="password" name="password" autocomplete="off"></label></p>
  <p><button name="decision" value="approve">Log in and approve</button> <button name="decision" value="deny">Deny</button></p>
</form>`,
  )
}

function messagePage(title, text) {
  return document(title, `<p>${escaped(text)}</p>`)
}

function document(title, content) {
  return `<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body { font: 1rem/1.6 system-ui, sans-serif; max-width: 32rem; margin: 3rem auto; padding: 0 1rem }</style></head>
<body><h1>${title}</h1>
${content}
</body></html>
`
}

function send(response, status, page) {
  response.writeHead(status, {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'",
  })
  response.end(page)
}

async function bodyOf(request) {
  let body = ""
  for await (const chunk of request) {
    body += chunk
    if (body.length > 10_000) throw new Error("a form of at most 10 000 characters is due")
  }
  return body
}

function escaped(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
