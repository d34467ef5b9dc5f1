/** What to do about a failed connection, by the code of Node's error. */
export function networkFix(code: string, host: string, port: string): string | undefined {
  const target = `${host}:${port}`;
  const firewall =
    `Ask your network team to allow outbound TCP to ${target} from this machine (no inbound access is ` +
    'needed).';
  const fixes: Readonly<Record<string, string>> = {
    ENOTFOUND:
      'Check CONTROL_PLANE_BASE_URL for typos; if there are none, ask your network team to ' +
      `let this machine resolve ${host}.`,
    EAI_AGAIN:
      'The DNS server of this machine does not answer: check /etc/resolv.conf, then ask your network ' +
      'team.',
    ECONNREFUSED:
      `${target} was reached, but nothing listens there: check the port in CONTROL_PLANE_BASE_URL, ` +
      `then ask Atlas whether the Control Plane is up. ${firewall}`,
    ETIMEDOUT: firewall,
    ENETUNREACH: `This machine has no route there. ${firewall}`,
    EHOSTUNREACH: `This machine has no route there. ${firewall}`,
    ECONNRESET: `Something in between closed the connection: a firewall or a proxy. ${firewall}`,
    UND_ERR_CONNECT_TIMEOUT: firewall,
  };
  return fixes[code];
}

/** No name server knows the host, or none answers: dns.check.ts reports that. */
export function isUnresolved(code: string): boolean {
  return code === 'ENOTFOUND' || code === 'EAI_AGAIN';
}

/** The code of an error, of its cause, or of the first of several errors. */
export function codeOf(error: unknown): string {
  const { code, cause, errors } = (error ?? {}) as { code?: string; cause?: unknown; errors?: unknown[] };
  if (typeof code === 'string') return code;
  if (cause !== undefined) return codeOf(cause);
  return errors?.[0] === undefined ? '' : codeOf(errors[0]);
}

/** A URL leaves out 443 and 80. */
export function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}

/** The host as sockets expect it: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}
