import { messageOf } from "../errors.js"
import { deviceLogin, type LoginProvider, type Tokens } from "../login/index.js"
import { canShowPages } from "./open-browser.js"
import { progressLine } from "./progress.js"
import { printable } from "../model/printable.js"
import { painted, type Terminal } from "./terminal.js"
import { shownSpan } from "./time-left.js"

/**
 * Logs somebody in who opens a page in a browser, here or elsewhere (RFC 8628): prints the page and the code, opens the page where there is a screen,
 * and waits.
 *
 * @param opensBrowser false: only prints it
 * @returns undefined when it was interrupted
 * @throws {PdpError} what the provider refused
 */
export async function loginByDevice(
  provider: LoginProvider,
  scopes: readonly string[],
  opensBrowser: boolean,
  terminal: Terminal,
): Promise<Tokens | undefined> {
  const interruption = new AbortController()
  const interrupted = new Promise<void>((resolve) => interruption.signal.addEventListener("abort", () => resolve(), { once: true }))
  terminal.onStop(() => interruption.abort())
  const line = progressLine(terminal)
  try {
    return await deviceLogin(provider, scopes, {
      onCode: (prompt) => {
        terminal.err(promptText(prompt, terminal))
        if (opensBrowser && canShowPages(terminal, process.platform))
          void showPage(prompt.verificationUriComplete ?? prompt.verificationUri, terminal)
      },
      onWaiting: (secondsLeft) => line.show(`Waiting until you have done so: ${shownSpan(secondsLeft * 1_000)} left, Ctrl+C ends it`),
      pause: (ms) => Promise.race([terminal.pause(ms), interrupted]),
      now: terminal.now,
      signal: interruption.signal,
    })
  } catch (thrown) {
    if (interruption.signal.aborted) return undefined
    throw thrown
  } finally {
    line.end()
  }
}

interface Prompt {
  readonly verificationUri: string
  readonly verificationUriComplete?: string | undefined
  readonly userCode: string
  readonly expiresInSeconds: number
}

function promptText(prompt: Prompt, terminal: Terminal): string {
  const { verificationUri, verificationUriComplete, userCode, expiresInSeconds } = prompt
  const direct = verificationUriComplete === undefined ? "" : `\nThis page has the code filled in: ${printable(verificationUriComplete)}\n`
  return `
To log in, open this page in a browser on any device, within ${shownSpan(expiresInSeconds * 1_000)}:

    ${printable(verificationUri)}

and enter this code there, if you have started this login yourself:

    ${painted(terminal, "bold", printable(userCode))}
${direct}
`
}

async function showPage(url: string, terminal: Terminal): Promise<void> {
  try {
    await terminal.openPage(url)
  } catch (thrown) {
    terminal.err(`portcullis: no browser could be opened (${printable(messageOf(thrown))}); open the page yourself\n`)
  }
}
