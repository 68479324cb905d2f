import { describe, expect, it } from 'vitest';
import type { ObjectState } from '../../api/kubernetes';
import { refName, sentence, shortImage, stateText, withoutCounts, withoutSubject } from './words';

const state = (code: string, values: Record<string, string>): ObjectState => ({
  severity: 'critical',
  code,
  sentence: 'in the words of the server',
  values,
});

describe('stateText', () => {
  it('is what the server says in English', () => {
    expect(stateText(state('crash_loop', {}), 'en')).toBe('in the words of the server');
  });
  it('is filled with values in Chinese', () => {
    const values = { container: 'app', reason: 'OOMKilled', exitCode: '137', restarts: '7' };
    expect(stateText(state('crash_loop', values), 'zh')).toBe(
      '容器 app 反复退出（已重启 7 次）：OOMKilled（退出码 137）',
    );
    expect(stateText(state('crash_loop', { ...values, ready: '1', desired: '3' }), 'zh')).toBe(
      '3 个 Pod 中有 1 个就绪；容器 app 反复退出（已重启 7 次）：OOMKilled（退出码 137）',
    );
    expect(stateText(state('running', { ready: '2', desired: '2' }), 'zh')).toBe('2 个 Pod 中有 2 个就绪');
  });
  it('falls back where a value or the code is not known', () => {
    expect(stateText(state('crash_loop', { container: 'app' }), 'zh')).toBe('in the words of the server');
    expect(stateText(state('brand_new', {}), 'zh')).toBe('in the words of the server');
  });
});

describe('withoutCounts', () => {
  it('goes together with the name that stands beside', () => {
    expect(withoutSubject('is cordoned: it takes no new pods')).toBe('Cordoned: it takes no new pods');
    expect(withoutSubject('isolated')).toBe('Isolated');
  });
  it('leaves the reason where there is one', () => {
    expect(withoutCounts('0 of 1 pod is ready; image x cannot be had')).toBe('image x cannot be had');
    expect(withoutCounts('0 of 1 pod ready; container app ended')).toBe('container app ended');
    expect(withoutCounts('2 of 2 pods are ready')).toBe('2 of 2 pods are ready');
    expect(withoutCounts('3 个 Pod 中有 1 个就绪；容器 app 反复退出')).toBe('容器 app 反复退出');
  });
});

describe('names', () => {
  it('are short where the rest can be read on hover', () => {
    expect(shortImage('registry.example.com/shop/cart:1.2@sha256:abc')).toBe('cart:1.2');
    expect(refName({ namespace: '', name: 'n1' })).toBe('n1');
    expect(refName({ namespace: 'shop', name: 'cart' })).toBe('shop/cart');
    expect(sentence('is ready')).toBe('Is ready');
  });
});
