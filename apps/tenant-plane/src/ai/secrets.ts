export const REDACTED = '[redacted]';

/** Words in the names of secrets. What is before such a word, as in `DB_PASSWORD`, belongs to the name. */
const SECRET_WORD =
  '(?:passwor[dt]|passwd|passphrase|passcode|pwd|secret|token|credential|connection[_-]?str|conn[_-]?str|' +
  'session[_-]?id|\\w[_-]?keys?(?![a-z])|pass(?![a-z])|(?<![a-z])(?:auth|dsn|sig|signature)(?![a-z]))';
const NAMES_A_SECRET = new RegExp(SECRET_WORD, 'i');

// What a secret is written in. Its end is missing if the text was cut.
const IN_ESCAPED_QUOTES = String.raw`(?<escaped>\\{1,8}["'])[\s\S]*?(?:\k<escaped>|$)`;
const IN_QUOTES = String.raw`(?<quote>["'${'`'}])(?:\\[\s\S]|(?!\k<quote>)[^\\])*(?:\k<quote>|\\?$)`;
const IN_BRACKETS = String.raw`[[{][^\]}]*(?:[\]}]|$)`;
/** Up to a space. Punctuation at its end is not part of it, but quotes inside it are. */
const BARE =
  String.raw`(?:(?:bearer|basic|digest)[ +]+)?(?:[^\s"']|"[^"\n]*"|'[^'\n]*'|["'](?=\w))+?` +
  String.raw`(?=[,;.&)}\]]{0,8}(?:\s|$|["'](?!\w)))`;
const VALUE = `(?:${IN_ESCAPED_QUOTES}|${IN_QUOTES}|${IN_BRACKETS}|${BARE})`;

/** `{"name": "DB_PASSWORD", "value": "…"}` names a secret too. */
const EQUALS = String.raw`\\*["'${'`'}]?(?:[\s,]*["']?value["']?)?\s*(?:=>|:=|[:=]|>(?=\S))\s*`;
const BEFORE_SECRETS: readonly RegExp[] = [
  `(?<![^\\s"'(])(?:--?[\\w-]{0,60}${SECRET_WORD}[\\w-]{0,60}|-p)[\\s=+]+`,
  `${SECRET_WORD}[\\w.-]{0,60}${EQUALS}`,
  '\\bidentified\\s+by\\s+',
  '(?<![a-z])(?:password|passphrase|passcode) +is +' +
    '(?!(?:not|too|in|on|at|the|a|an|no|being|missing|wrong|set)\\b)',
  `(?<![a-z])(?:pw|pin)${EQUALS}`,
].map((before) => new RegExp(`(?<before>${before})${VALUE}`, 'gi'));

// It has spaces, and its own end.
const PRIVATE_KEY = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?(?:-----END \1-----|$)/g;
const FORMATS: readonly (readonly [RegExp, string])[] = [
  [/(?<![\w-])eyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)?/g, REDACTED],
  [/\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g, REDACTED],
  [/\b(?:at[a-z]|ads|aga|ao[ks]|[sr]k|gh[a-z]|github_pat|glpat|npm|xox[a-z]|whsec)[_-][\w-]{16,}/g, REDACTED],
  [/\b(?:AIza|hvs\.|SG\.|hf_|ya29\.|shpat_|dop_v1_)[\w.-]{16,}/g, REDACTED],
  // The path of these URLs is the secret.
  [/\b(hooks\.slack\.com\/)[^\s"'<>]+/gi, `$1${REDACTED}`],
  [/\b(discord(?:app)?\.com\/api\/(?:v\d+\/)?webhooks\/)[^\s"'<>]+/gi, `$1${REDACTED}`],
  [/\b(webhook\.office\.com\/)[^\s"'<>]+/gi, `$1${REDACTED}`],
  [/\b(digest +username\\*=)[^\r\n]+/gi, `$1${REDACTED}`],
  [/\b(authorization\\*["']?\s*[:=]\s*\\*["']?(?:[a-z]{1,20}[ +]+)?)[^\r\n"']+/gi, `$1${REDACTED}`],
  [/\b(bearer|basic)[ +]+[\w.~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/\b((?:set-)?cookie: *)[^\r\n"]+/gi, `$1${REDACTED}`],
  // A password may contain @ and, if it is not encoded as it should be, a slash.
  [/:\/\/[^\s/?#"'<>]{1,500}@/g, `://${REDACTED}@`],
  [/:\/\/[^\s/@:?#"'<>]{0,500}:(?!\d{1,5}[/?#])[^\s"'<>]{0,500}@/g, `://${REDACTED}@`],
  // user:password@host without a scheme, as in tcp(…) of a DSN.
  [
    /(?<![\w./%+-])(?!(?:mailto|sips?|xmpp|acct):)[\w.%+-]{1,64}:[^\s:/"'<>][^\s"'<>]{0,500}@(?=[\w([])/gi,
    `${REDACTED}@`,
  ],
  [/(?<![^\s"'(])((?:-u|--user)[\s=]*["'][^\s:"']{1,100}:)[^"'\n]+/gi, `$1${REDACTED}`],
  [/(?<![^\s"'(])((?:-u|--user)[\s=]*[^\s:"']{1,100}:)[^\s"']+/gi, `$1${REDACTED}`],
  [/\b((?:mysql|mariadb)[\w-]{0,20}[^\n|;]{0,200}?\s-p)[^\s[]\S*/gi, `$1${REDACTED}`],
];

/** Whether something with this name, such as a label, is a secret whatever it looks like. */
export function namesASecret(name: string): boolean {
  return NAMES_A_SECRET.test(name);
}

/** Replaces what looks like a secret, or is called one. Rather replaces too much than too little. */
export function withoutSecrets(text: string): string {
  const keyless = text.replace(PRIVATE_KEY, REDACTED);
  // What is called a secret comes first: the other forms could take the name away, and leave the secret.
  const nameless = BEFORE_SECRETS.reduce((rest, form) => rest.replace(form, redacted), keyless);
  return FORMATS.reduce((rest, [form, instead]) => rest.replace(form, instead), nameless);
}

/** Keeps what is before the secret, and its quotes. */
function redacted(...found: unknown[]): string {
  const { before = '', escaped, quote } = found.at(-1) as Readonly<Record<string, string | undefined>>;
  const around = escaped ?? quote ?? '';
  return `${before}${around}${REDACTED}${around}`;
}
