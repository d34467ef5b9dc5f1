import { readAnswer } from './answer';

const ANSWER = Buffer.from('HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\nx: y\r\n\r\nhello');

describe('readAnswer', () => {
  it('reads the status and the body', () => {
    expect(readAnswer(ANSWER)).toEqual({ status: 202, body: Buffer.from('hello') });
  });
  it('waits for the complete response', () => {
    for (let length = 0; length < ANSWER.length; length++)
      expect(readAnswer(ANSWER.subarray(0, length))).toBeUndefined();
  });
  it('treats a 204 as complete without a body', () => {
    expect(readAnswer(Buffer.from('HTTP/1.1 204 No Content\r\nx: y\r\n\r\n'))).toMatchObject({ status: 204 });
  });
  it('rejects a response whose length it cannot determine', () => {
    expect(() => readAnswer(Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'))).toThrow(
      'no content-length',
    );
  });
});
