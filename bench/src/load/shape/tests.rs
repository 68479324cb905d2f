use super::*;

fn course(shape: Shape) -> Vec<f64> {
    let mut random = Random::of(b"seed");
    let mut value = shape.first(&mut random);
    let next = || {
        let shown = shape.shown(value);
        value = shape.next(value, &mut random);
        shown
    };
    std::iter::repeat_with(next).take(500).collect()
}

#[test]
fn the_same_seed_gives_the_same_course() {
    let shape = Shape::Pages { max: 1000 };
    assert_eq!(course(shape), course(shape));
    assert!(
        course(shape)
            .iter()
            .all(|bytes| *bytes > 0.0 && bytes % 4096.0 == 0.0)
    );
}

#[test]
fn counters_never_fall_and_buckets_never_cross() {
    let bucket = |share| course(Shape::Events { mean: 40.0, share });
    let (few, all) = (bucket(0.3), bucket(1.0));
    for counter in [
        &few,
        &all,
        &course(Shape::Cpu {
            cores: 0.5,
            interval: 15.0,
        }),
    ] {
        assert!(counter.is_sorted());
        assert!(counter[499] > counter[0]);
    }
    assert!(few.iter().zip(&all).all(|(few, all)| few <= all));
}

#[test]
fn events_come_as_often_as_expected() {
    for mean in [0.5, 12.0, 300.0] {
        let mut random = Random::of(b"events");
        let sum: f64 = (0..10_000).map(|_| random.poisson(mean)).sum();
        assert!((sum / 10_000.0 - mean).abs() < 0.05 * mean, "{mean}: {sum}");
    }
}
