import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { type ApiDocument, type Operation } from './operations';

export interface FuzzAnswer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

/** Checks responses against the API description. */
export class AnswerCheck {
  private readonly schemas = new Ajv2020({ strict: false, allErrors: false });

  constructor(document: ApiDocument) {
    addFormats(this.schemas);
    this.schemas.addSchema(document.text, 'api');
  }

  isDocumented({ answers }: Operation, { status }: FuzzAnswer): boolean {
    return Object.hasOwn(answers, status);
  }

  /** Returns what is wrong with the body of a documented response, or null. */
  fault({ method, path, answers }: Operation, { status, type, text }: FuzzAnswer): string | null {
    const types = answers[status] ?? [];
    const media = type.split(';')[0]?.trim() ?? '';
    if (types.length === 0) return text === '' ? null : 'has a body, although none is documented';
    if (!types.includes(media)) return `has the content type "${media}" instead of ${types.join(' or ')}`;
    if (!media.endsWith('json')) return null;
    const place = [
      'paths',
      path,
      method.toLowerCase(),
      'responses',
      String(status),
      'content',
      media,
      'schema',
    ];
    const validate = this.schemas.getSchema(`api#/${place.map(pointer).join('/')}`);
    if (!validate) throw new Error(`No schema at ${place.join(' ')}.`);
    const body = parsed(text);
    if (body === undefined) return 'not JSON';
    return validate(body) ? null : this.schemas.errorsText(validate.errors);
  }
}

/** Escapes one part of a JSON pointer (RFC 6901) for use in a URI. */
function pointer(part: string): string {
  return encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
