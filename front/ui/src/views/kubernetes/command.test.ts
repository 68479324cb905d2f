import { describe, expect, it } from 'vitest';
import { commandFor } from './command';

const pod = { kind: 'Pod', apiVersion: 'v1', namespace: 'shop', name: 'cart-1' };

describe('commandFor', () => {
  it('asks for the log of the container that ended', () => {
    expect(commandFor({ code: 'crash_loop', object: pod, values: { container: 'app' } })).toBe(
      'kubectl -n shop logs cart-1 -c app --previous',
    );
  });
  it('describes what has no log', () => {
    expect(commandFor({ code: 'image_pull', object: pod, values: { container: 'app' } })).toBe(
      'kubectl -n shop describe pod cart-1',
    );
    const node = { kind: 'Node', apiVersion: 'v1', namespace: '', name: 'n1' };
    expect(commandFor({ code: 'node_silent', object: node, values: {} })).toBe('kubectl describe node n1');
  });
  it('quotes what a shell would read otherwise', () => {
    const odd = { ...pod, name: "a'; rm -rf" };
    expect(commandFor({ code: 'unschedulable', object: odd, values: {} })).toBe(
      "kubectl -n shop describe pod 'a'\\''; rm -rf'",
    );
  });
});
