/**
 * The secret from a link. It is removed from the address bar and the history before anything else happens,
 * and from then on kept only here.
 */
export const linkToken = new URLSearchParams(location.hash.slice(1)).get('token') ?? '';

if (location.hash !== '') history.replaceState(null, '', location.pathname);
// Opening another link to this page in the same tab changes only the fragment.
addEventListener('hashchange', () => location.reload());

const CONFIRMATION = 'asu_';

/** Whether the link is for a tenant's own address, where the same path lets its first admin sign up. */
export const isForTenant = linkToken !== '' && !linkToken.startsWith(CONFIRMATION);
