import { SecretBox, deriveKey } from '@atlas/persistence';
import {
  ENROL_REQUEST_FORMAT,
  type EnrolAnswerFile,
  type EnrolRequestFile,
  OFFLINE_ENROL_PATH,
  type OfflineEnrolAnswer,
  SEALED_TOKEN_PURPOSE,
  headersOfSignature,
  sealedTokenPlace,
  signatureOfHeaders,
} from '@atlas/plane-contract';
import { keyIdOf, verifyResponse } from '@atlas/service-auth';
import { type PlaneSimulator } from './plane-simulator.fixture';

/** The request file that an operator carries from an air-gapped plane to the Control Plane. */
export function requestFile(plane: PlaneSimulator, changes: object = {}): EnrolRequestFile {
  const { secret, install, instanceId } = plane;
  const box = new SecretBox([{ id: 'bundle', key: deriveKey(secret, SEALED_TOKEN_PURPOSE) }]);
  const token = box.seal(install.token, sealedTokenPlace(keyIdOf(secret), instanceId));
  const body = JSON.stringify(plane.enrolBody({ token, ...changes }));
  const headers = plane.sign({ method: 'POST', path: OFFLINE_ENROL_PATH, text: body });
  return { format: ENROL_REQUEST_FORMAT, body, signature: signatureOfHeaders(headers) };
}

/**
 * Reads the plane's answer file. Throws unless the file is signed for the plane's request with the plane's
 * secret.
 */
export function readAnswer(
  { secret }: PlaneSimulator,
  request: EnrolRequestFile,
  answer: EnrolAnswerFile,
): OfflineEnrolAnswer {
  const { body, signature } = answer;
  const received = { status: 200, body, headers: headersOfSignature(signature) };
  const asked = headersOfSignature(request.signature);
  verifyResponse({ ...received, request: asked, keyId: keyIdOf(secret), secret });
  return JSON.parse(body) as OfflineEnrolAnswer;
}
