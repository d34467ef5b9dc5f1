import { type FieldTexts, type TenantPlaneSchemas, type Versioned, versionedOf } from '@atlas/web';
import { queryOptions } from '@tanstack/react-query';
import { api } from '../api';

type Schemas = TenantPlaneSchemas['schemas'];
export type AiSettings = Schemas['AiSettingsView'];
export type AiChange = Schemas['ChangeAiSettingsDto'];
export type AiFeature = keyof AiSettings['features'];
type OwnEndpoint = NonNullable<AiSettings['own_endpoint']>;
export type EndpointUse = OwnEndpoint['use'];

export function readAiSettings(): Promise<Versioned<AiSettings>> {
  return versionedOf(api.GET('/api/ai/settings'));
}

export const aiSettings = queryOptions({ queryKey: ['ai', 'settings'], queryFn: readAiSettings });

/** Whether an AI may be asked for it. */
export function isAllowed(settings: AiSettings, feature: AiFeature): boolean {
  return settings.allow_control_plane && settings.features[feature] === 'allow';
}

/** The server that an address names, for people. */
function hostOf(address: string): string {
  return URL.canParse(address) ? new URL(address).host : address;
}

/** Where questions go to. In step with the plane's ai/ai.ts. */
export function whereTo({ own_endpoint: own }: Pick<AiSettings, 'own_endpoint'>): string {
  if (own === null) return 'an AI through the Control Plane of Atlas';
  const host = hostOf(own.base_url);
  if (own.use === 'only') return `your own AI at ${host}`;
  return `an AI through the Control Plane of Atlas or, if that cannot answer, your own AI at ${host}`;
}

/** What the form of the settings holds. */
export interface AiValues {
  readonly analysis: boolean;
  readonly runbook_draft: boolean;
  /** Whether there is an AI of the tenant's own. */
  readonly isOwn: boolean;
  readonly base_url: string;
  readonly model: string;
  readonly use: EndpointUse;
  readonly timeout_seconds: number | string;
  readonly hasKey: boolean;
  /** Undefined: it stays as it is. Null: it is removed. */
  readonly key?: string | null;
}

const DEFAULT_TIMEOUT_SECONDS = 60;

export function valuesOf({ features, own_endpoint: own }: AiSettings): AiValues {
  return {
    analysis: features.analysis === 'allow',
    runbook_draft: features.runbook_draft === 'allow',
    isOwn: own !== null,
    base_url: own?.base_url ?? 'https://',
    model: own?.model ?? '',
    use: own?.use ?? 'fallback',
    timeout_seconds: own?.timeout_seconds ?? DEFAULT_TIMEOUT_SECONDS,
    hasKey: own?.has_api_key ?? false,
  };
}

/** Leaves out an endpoint that stays as it is. */
export function changeOf(values: AiValues, before: AiValues): AiChange {
  const { analysis, runbook_draft: draft, isOwn, key } = values;
  const features = { analysis: wordOf(analysis), runbook_draft: wordOf(draft) };
  if (isSame(values, before, ENDPOINT_FIELDS)) return { features };
  if (!isOwn) return { features, own_endpoint: null };
  const own_endpoint = {
    base_url: values.base_url.trim(),
    model: values.model.trim(),
    use: values.use,
    timeout_seconds: Number(values.timeout_seconds),
    ...(key !== undefined && { api_key: key }),
  };
  return { features, own_endpoint };
}

function wordOf(isOn: boolean): 'allow' | 'deny' {
  return isOn ? 'allow' : 'deny';
}

/** Whether the stored key would go to another server, which the plane refuses. */
export function needsKeyAgain(
  { hasKey, key, isOwn, base_url: address }: AiValues,
  before: AiValues,
): boolean {
  return isOwn && hasKey && key === undefined && originOf(address) !== originOf(before.base_url);
}

function originOf(address: string): string {
  return URL.canParse(address) ? new URL(address).origin : '';
}

const stateText = (isOn: boolean): string => (isOn ? 'allowed' : 'denied');
const ifOwn =
  (textOf: (values: AiValues) => string) =>
  (values: AiValues): string =>
    values.isOwn ? textOf(values) : '';

const FEATURE_FIELDS: FieldTexts<AiValues> = [
  ['Analyses of incidents', ({ analysis }) => stateText(analysis)],
  ['Drafts of runbooks', ({ runbook_draft: draft }) => stateText(draft)],
];
const ENDPOINT_FIELDS: FieldTexts<AiValues> = [
  ['An AI of your own', ({ isOwn }) => (isOwn ? 'yes' : 'no')],
  ['Address', ifOwn(({ base_url: address }) => address.trim())],
  ['Model', ifOwn(({ model }) => model.trim())],
  ['API key', ifOwn(keyText)],
  ['Used', ifOwn(({ use }) => (use === 'only' ? 'always' : 'as a fallback'))],
  ['Longest wait', ifOwn(({ timeout_seconds: seconds }) => `${seconds} s`)],
];
export const AI_FIELDS: FieldTexts<AiValues> = [...FEATURE_FIELDS, ...ENDPOINT_FIELDS];

function keyText({ key, hasKey }: AiValues): string {
  if (typeof key === 'string') return 'a new one';
  return key === undefined && hasKey ? 'set' : 'none';
}

export function isSame(one: AiValues, other: AiValues, fields: FieldTexts<AiValues> = AI_FIELDS): boolean {
  return fields.every(([, textOf]) => textOf(one) === textOf(other));
}
