/** Words that no tenant may use as a slug, grouped by reason. */
const RESERVED_WORDS = {
  hostsOfTheProduct:
    'www api app apps admin console dashboard portal atlas control-plane tenant-plane cp tp cell ' +
    'cells gateway router edge',
  signingIn:
    'auth oauth oidc sso saml login logout signin signup sign-up register account accounts invite verify',
  files: 'static assets cdn media files download downloads upload uploads images',
  foundByConvention: 'autoconfig autodiscover wpad isatap mta-sts localhost internal broadcasthost',
  mailNamesAndOtherProtocols:
    'mail email webmail smtp imap pop pop3 mx ftp sftp ssh vpn ldap dns ns ns1 ns2 ns3 ns4 ntp proxy',
  // The mailboxes of RFC 2142, and addresses that certificate authorities write to.
  speakingForTheCompany:
    'abuse administrator hostmaster postmaster webmaster security noc support help billing legal privacy',
  runningIt: 'status health healthz metrics monitoring logs docs openapi swagger staging production',
  accounts: 'root system operator owner superuser anonymous',
  pathsAndValues: 'provision tenant tenants self new all default null undefined none true false',
};

/**
 * Slugs that no tenant may have. Before adding a word, check that no tenant uses it: that tenant would lose
 * its host name (see tenantSlugOfHost).
 */
export const RESERVED_SLUGS: ReadonlySet<string> = new Set(
  Object.values(RESERVED_WORDS).flatMap((words) => words.split(' ')),
);
