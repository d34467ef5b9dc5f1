import { Type } from 'class-transformer';
import { IsIn, IsObject, Length, MaxLength, ValidateNested } from 'class-validator';
import { type EnrolAnswer } from './desired-state';

/**
 * Where an operator uploads a request file. The file's signature covers this path, so the signature is valid
 * for no other call.
 */
export const OFFLINE_ENROL_PATH = '/api/tenant-planes/enroll-offline';

export const ENROL_REQUEST_FORMAT = 'atlas-enrol-request/1';
export const ENROL_ANSWER_FORMAT = 'atlas-enrol-answer/1';

/** A capability of planes that enrolled by file. Such planes neither poll nor report. */
export const OFFLINE_CAPABILITY = 'offline';

/** The token in a request file is sealed with a key derived for this purpose from its bundle's secret. */
export const SEALED_TOKEN_PURPOSE = 'atlas-offline-enrolment';

/** What the sealed token is bound to, so that it cannot be decrypted in another installation's file. */
export function sealedTokenPlace(keyId: string, instanceId: string) {
  return { table: 'enrol-request', column: 'token', rowId: instanceId, ownerId: keyId };
}

const whole = (field: string): string =>
  `${field} is missing or has been changed since "atlas-tp enrol --offline --request <file>" wrote ` +
  'it: upload the complete file';

/** The three fields of RFC 9421 and RFC 9530 that would be headers of a call. */
export class FileSignature {
  @MaxLength(200, { message: whole('content_digest') })
  content_digest: string;

  @MaxLength(1024, { message: whole('signature_input') })
  signature_input: string;

  @MaxLength(1024, { message: whole('signature') })
  signature: string;
}

/** An enrolment as a file, for a plane that cannot reach the Control Plane. */
export class EnrolRequestFile {
  @IsIn([ENROL_REQUEST_FORMAT], {
    message:
      `format is not "${ENROL_REQUEST_FORMAT}": upload the file that "atlas-tp enrol --offline ` +
      '--request <file>" wrote',
  })
  format: string;

  /**
   * The signed text, which is the JSON of an enrolment. The token in it is sealed with the bundle's secret.
   */
  @Length(2, 20_000, { message: whole('body') })
  body: string;

  @IsObject({ message: whole('signature') })
  @ValidateNested()
  @Type(() => FileSignature)
  signature: FileSignature;
}

/** The signed text of an answer file. No other part of the file names the instance in readable form. */
export interface OfflineEnrolAnswer extends EnrolAnswer {
  readonly instance_id: string;
}

export interface EnrolAnswerFile {
  readonly format: string;
  /** The JSON of an {@link OfflineEnrolAnswer}. */
  readonly body: string;
  /** The signature of the request file. The answer's own signature covers this field. */
  readonly answers: string;
  readonly signature: FileSignature;
}

export function headersOfSignature(signature: FileSignature): Record<string, string> {
  return {
    'content-digest': signature.content_digest,
    'signature-input': signature.signature_input,
    signature: signature.signature,
  };
}

export function signatureOfHeaders(headers: {
  readonly 'content-digest': string;
  readonly 'signature-input': string;
  readonly signature: string;
}): FileSignature {
  return {
    content_digest: headers['content-digest'],
    signature_input: headers['signature-input'],
    signature: headers.signature,
  };
}
