import { DomainError, createValidationPipe, inheritedField, isTooDeep } from '@atlas/platform';
import { CreateSloDto, type SloIndicator, type SloView, type SloWindow } from '@atlas/tenant-api/slos';
import { Lexer, LineCounter, Parser, parseDocument, stringify } from 'yaml';
import { DocumentSection } from './document-section';

/** More aliases than any real document has. Each may stand for a large part of the document. */
const MAX_ALIASES = 20;
/** More than any real document has, both with a reserve. A token is a word, a punctuation mark or a space. */
const [MAX_TOKENS, MAX_LEVELS] = [10_000, 100];

const WINDOW_OF_DURATION = new Map<string, SloWindow>([
  ['7d', 7],
  ['1w', 7],
  ['28d', 28],
  ['4w', 28],
  ['30d', 30],
  ['90d', 90],
]);

/** The type of a metric source whose events are sent to Atlas. */
const ATLAS = 'Atlas';
const PROMETHEUS = 'Prometheus';

/** Where the document says what these fields say. */
const PLACES: Readonly<Record<string, string>> = {
  name: 'metadata.displayName',
  service: 'spec.service',
  objective: 'spec.objectives[0].target',
  'indicator.url': 'spec.indicator.spec.ratioMetric.total.metricSource.spec.url',
  'indicator.good_query': 'spec.indicator.spec.ratioMetric.good.metricSource.spec.query',
  'indicator.total_query': 'spec.indicator.spec.ratioMetric.total.metricSource.spec.query',
};

/** An SLO as an OpenSLO v1 document (https://github.com/OpenSLO/OpenSLO). */
export function openSloOf({ id, name, service, objective, window_days, indicator }: SloView): string {
  const label = labelOf(name, id);
  return stringify({
    apiVersion: 'openslo/v1',
    kind: 'SLO',
    metadata: { name: label, displayName: name },
    spec: {
      service: service ?? 'default',
      indicator: {
        metadata: { name: label },
        spec: {
          ratioMetric: {
            counter: false,
            good: { metricSource: sourceOf(indicator, 'good_query') },
            total: { metricSource: sourceOf(indicator, 'total_query') },
          },
        },
      },
      timeWindow: [{ duration: `${window_days}d`, isRolling: true }],
      budgetingMethod: 'Occurrences',
      objectives: [{ displayName: name, target: objective }],
    },
  });
}

function sourceOf(indicator: SloIndicator, query: 'good_query' | 'total_query'): object {
  if (indicator.kind === 'events') return { type: ATLAS, spec: { kind: 'events' } };
  return { type: PROMETHEUS, spec: { url: indicator.url, query: indicator[query] } };
}

/** A name that OpenSLO accepts: a label of RFC 1123. */
function labelOf(name: string, id: string): string {
  const label = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, 63)
    .replace(/^-|-$/g, '');
  return label || `slo-${id}`;
}

/**
 * Reads an OpenSLO v1 document. Throws `openslo_invalid` if it is not a document of that kind, and
 * `openslo_unsupported`, with the field, if Atlas cannot measure what it describes.
 */
export async function sloInOpenSlo(text: string): Promise<CreateSloDto> {
  const document = DocumentSection.of(parsed(text));
  document.allow('apiVersion', 'kind', 'metadata', 'spec');
  document.expect('apiVersion', 'openslo/v1');
  document.expect('kind', 'SLO');
  const metadata = document.section('metadata');
  metadata.allow('name', 'displayName', 'labels', 'annotations');
  const spec = document.section('spec');
  spec.allow(
    'description',
    'service',
    'indicator',
    'timeWindow',
    'budgetingMethod',
    'objectives',
    'alertPolicies',
  );
  spec.expect('budgetingMethod', 'Occurrences');
  spec.refuseItems('alertPolicies', 'Atlas opens incidents by its own burn rates.');
  return checked({
    name: metadata.textIfAny('displayName') ?? metadata.text('name'),
    service: spec.text('service'),
    objective: targetIn(spec.onlyItem('objectives')),
    window_days: windowIn(spec.onlyItem('timeWindow')),
    indicator: indicatorIn(spec.section('indicator')),
  });
}

function parsed(text: string): unknown {
  try {
    requireModest(text);
    const lineCounter = new LineCounter();
    // Making all errors pretty would take time in proportion to their number times the size of the document.
    const document = parseDocument(text, { schema: 'core', prettyErrors: false, lineCounter });
    const [error] = document.errors;
    if (error) {
      const { line, col } = lineCounter.linePos(error.pos[0]);
      throw new Error(`${error.message} at line ${line}, column ${col}`);
    }
    const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
    if (isTooDeep(value)) throw new Error('it is nested too deeply');
    const field = inheritedField(value);
    if (field !== null) throw new Error(`${field} has a reserved name`);
    return value;
  } catch (error) {
    const [reason] = (error as Error).message.split('\n');
    throw new DomainError('openslo_invalid', 'invalid', `The document cannot be read as YAML: ${reason}`);
  }
}

/**
 * Refuses a document that would take long or overflow the stack, which can end the process, before it is
 * read. This parser does not recurse.
 */
function requireModest(text: string): void {
  const parser = new Parser();
  let tokens = 0;
  for (const token of new Lexer().lex(text)) {
    tokens += 1;
    if (tokens > MAX_TOKENS) throw new Error(`it has more than ${MAX_TOKENS} words and punctuation marks`);
    Array.from(parser.next(token));
    if (parser.stack.length > MAX_LEVELS) throw new Error('it is nested too deeply');
  }
}

function targetIn(objective: DocumentSection): number {
  objective.allow('displayName', 'target', 'targetPercent');
  if (!objective.has('targetPercent')) return objective.number('target');
  if (objective.has('target')) throw objective.unsupported('targetPercent', 'Keep only target.');
  // Rounded, because 99.9 / 100 is not exactly 0.999.
  return Number((objective.number('targetPercent') / 100).toFixed(9));
}

function windowIn(window: DocumentSection): SloWindow {
  window.allow('duration', 'isRolling');
  window.expect('isRolling', true);
  const days = WINDOW_OF_DURATION.get(window.text('duration'));
  if (days) return days;
  throw window.unsupported('duration', `Use one of ${[...WINDOW_OF_DURATION.keys()].join(', ')}.`);
}

function indicatorIn(indicator: DocumentSection): SloIndicator {
  indicator.allow('metadata', 'spec');
  const spec = indicator.section('spec');
  spec.allow('ratioMetric', 'description');
  const ratio = spec.section('ratioMetric');
  ratio.allow('counter', 'good', 'total');
  const [good, total] = (['good', 'total'] as const).map((name) => {
    const part = ratio.section(name);
    part.allow('metricSource');
    return part.section('metricSource');
  }) as [DocumentSection, DocumentSection];
  if (total.text('type') === ATLAS) {
    for (const source of [good, total]) requireAtlas(source);
    return { kind: 'events' };
  }
  const [counted, all] = [good, total].map(prometheusIn) as [PrometheusSource, PrometheusSource];
  if (counted.url !== all.url)
    throw good.section('spec').unsupported('url', 'Both queries must go to the same server.');
  requireIncrements(ratio, [counted.query, all.query]);
  return { kind: 'prometheus', url: all.url, good_query: counted.query, total_query: all.query };
}

function requireAtlas(source: DocumentSection): void {
  source.allow('type', 'spec');
  source.expect('type', ATLAS);
  source.section('spec').expect('kind', 'events');
}

interface PrometheusSource {
  readonly url: string;
  readonly query: string;
}

function prometheusIn(source: DocumentSection): PrometheusSource {
  source.allow('type', 'spec');
  source.expect('type', PROMETHEUS);
  const spec = source.section('spec');
  spec.allow('url', 'query');
  return { url: spec.text('url'), query: spec.text('query') };
}

/** A query for a counter returns all events since the counter began, not those of the last minute. */
function requireIncrements(ratio: DocumentSection, queries: readonly string[]): void {
  if (
    !ratio.has('counter') ||
    ratio.is('counter', false) ||
    queries.every((query) => /increase\s*\(/.test(query))
  )
    return;
  const advice = 'Write each query as sum(increase(<counter>[1m])), the number of events in a minute.';
  throw ratio.unsupported('counter', advice);
}

/** Checks the values by the same rules as those of a request, and says where they are in the document. */
async function checked(slo: object): Promise<CreateSloDto> {
  const check = createValidationPipe().transform(slo, { type: 'body', metatype: CreateSloDto });
  try {
    return (await check) as CreateSloDto;
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    const [fault] = error.extra['errors'] as { readonly field: string; readonly message: string }[];
    const field = PLACES[fault?.field ?? ''] ?? 'spec';
    const detail = `${field} is not valid: ${fault?.message ?? error.message}.`;
    throw new DomainError('openslo_invalid', 'invalid', detail, { field });
  }
}
