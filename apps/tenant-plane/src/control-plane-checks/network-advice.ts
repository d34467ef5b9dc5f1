/** What to do about a failed connection, by Node's error code. */
export function networkFix(code: string, host: string, port: string): string | undefined {
  const target = `${host}:${port}`;
  const firewall =
    `Ask your network team to allow outbound TCP to ${target} from this machine (no inbound access is ` +
    'needed).';
  const fixes: Readonly<Record<string, string>> = {
    ENOTFOUND:
      'Check CONTROL_PLANE_BASE_URL for typos. If there are none, ask your network team to let this ' +
      `machine resolve ${host}.`,
    EAI_AGAIN:
      "This machine's DNS server does not answer. Check /etc/resolv.conf, then ask your network team.",
    ECONNREFUSED:
      `${target} was reached, but nothing listens there. Check the port in CONTROL_PLANE_BASE_URL, then ` +
      `ask Atlas whether the Control Plane is up. ${firewall}`,
    ETIMEDOUT: firewall,
    ENETUNREACH: `This machine has no route to ${host}. ${firewall}`,
    EHOSTUNREACH: `This machine has no route to ${host}. ${firewall}`,
    ECONNRESET: `A firewall or a proxy may have closed the connection. ${firewall}`,
    UND_ERR_CONNECT_TIMEOUT: firewall,
  };
  return fixes[code];
}

/** True if the host name could not be resolved. In that case, dns.check.ts reports the problem. */
export function isUnresolved(code: string): boolean {
  return code === 'ENOTFOUND' || code === 'EAI_AGAIN';
}

/** The code of an error, of its cause, or of the first error in an AggregateError. */
export function codeOf(error: unknown): string {
  const { code, cause, errors } = (error ?? {}) as { code?: string; cause?: unknown; errors?: unknown[] };
  if (typeof code === 'string') return code;
  if (cause !== undefined) return codeOf(cause);
  return errors?.[0] === undefined ? '' : codeOf(errors[0]);
}

/** `URL` omits the default ports, 443 and 80. */
export function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}

/** The host as sockets expect it, without the brackets around an IPv6 address. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}
