import { type CitationView, type HypothesisView } from '@atlas/tenant-api/ai';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsNumber,
  IsObject,
  IsString,
  Length,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { type Redaction } from './redaction';
import { instanceOf, structuredAnswer } from './structured-answer';

/** What an AI may answer. It is not to be trusted, so everything has a limit. */
class FoundHypothesis {
  @IsString()
  @Length(1, 500)
  title: string;

  @IsNumber()
  @Min(0)
  @Max(1)
  confidence: number;

  @IsString()
  @Length(0, 10_000)
  reasoning: string;

  /** Of any form, because those that are of no use are left out. */
  @IsArray()
  @ArrayMaxSize(200)
  citations: unknown[] = [];
}

class FoundHypotheses {
  @IsArray()
  @ArrayMaxSize(20)
  @IsObject({ each: true })
  @ValidateNested({ each: true })
  @Type(() => FoundHypothesis)
  hypotheses: FoundHypothesis[];
}

export interface FoundAnalysis {
  readonly analysis: string;
  readonly hypotheses: readonly HypothesisView[];
}

/** Reads an answer to the analysis prompt. Leaves out other citations. Throws `ai_answer_unreadable`. */
export function foundAnalysis(
  answer: string,
  citable: readonly CitationView[],
  redaction: Redaction,
): FoundAnalysis {
  const { text, json } = structuredAnswer(answer);
  const known = new Map(citable.map((citation) => [keyOf(citation), citation]));
  const hypotheses = instanceOf(FoundHypotheses, json)
    .hypotheses.map(({ title, confidence, reasoning, citations }) => ({
      title: redaction.restore(title),
      confidence,
      reasoning: redaction.restore(reasoning),
      citations: [...new Set(citations.map(keyOf))].flatMap((key) => known.get(key) ?? []),
    }))
    .sort((a, b) => b.confidence - a.confidence);
  return { analysis: redaction.restore(text) || inWords(hypotheses), hypotheses };
}

function keyOf(citation: unknown): string {
  const { kind, id } = (citation ?? {}) as Partial<Record<'kind' | 'id', unknown>>;
  return typeof kind === 'string' && typeof id === 'string' ? `${kind} ${id}` : '';
}

function inWords(hypotheses: readonly HypothesisView[]): string {
  const told = hypotheses.map(
    ({ title, confidence, reasoning }) => `${title} (${Math.round(confidence * 100)} %)\n${reasoning}`,
  );
  return told.join('\n\n') || 'The AI names no cause.';
}
