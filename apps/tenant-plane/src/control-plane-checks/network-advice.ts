/** What to do about a connection that can't be made, by the code of Node's error. */
export function networkFix(code: string, host: string, port: string): string | undefined {
  const target = `${host}:${port}`;
  const firewall =
    `Ask your network team to allow outbound TCP to ${target} from this machine (nothing has to come ` +
    'in).';
  const fixes: Readonly<Record<string, string>> = {
    ENOTFOUND:
      'Look for a typing error in CONTROL_PLANE_BASE_URL; if there is none, ask your network team to ' +
      `let this machine resolve ${host}.`,
    EAI_AGAIN:
      'The DNS server of this machine does not answer: look at /etc/resolv.conf, then ask your network ' +
      'team.',
    ECONNREFUSED:
      `${target} was reached and nothing listens there: look at the port in CONTROL_PLANE_BASE_URL, ` +
      `then ask Atlas whether the Control Plane is up. ${firewall}`,
    ETIMEDOUT: firewall,
    ENETUNREACH: `This machine has no route there. ${firewall}`,
    EHOSTUNREACH: `This machine has no route there. ${firewall}`,
    ECONNRESET: `Something in between closed the connection: a firewall or a proxy. ${firewall}`,
    UND_ERR_CONNECT_TIMEOUT: firewall,
  };
  return fixes[code];
}

/** No name server knew the host, or none answered: dns.check.ts says so. */
export function isUnresolved(code: string): boolean {
  return code === 'ENOTFOUND' || code === 'EAI_AGAIN';
}

/** The code of an error, or of the one that it was caused by, or of the first of several. */
export function codeOf(error: unknown): string {
  const { code, cause, errors } = (error ?? {}) as { code?: string; cause?: unknown; errors?: unknown[] };
  if (typeof code === 'string') return code;
  if (cause !== undefined) return codeOf(cause);
  return errors?.[0] === undefined ? '' : codeOf(errors[0]);
}

/** 443 and 80 are left out of a URL. */
export function portOf(url: URL): string {
  return url.port || (url.protocol === 'https:' ? '443' : '80');
}

/** As sockets want it: an IPv6 address without its brackets. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[(.*)\]$/, '$1');
}
