//! The script layer under criterion: `cargo bench -p batis-benches --bench script`.

use batis_benches::work;
use criterion::{Criterion, criterion_group, criterion_main};

fn script(c: &mut Criterion) {
    for work in work::of("script") {
        let mut group = c.benchmark_group(work.name);
        for mut subject in work.subjects {
            group.bench_function(subject.name, |b| b.iter_custom(|n| subject.run(n)));
        }
        group.finish();
    }
}

criterion_group!(benches, script);
criterion_main!(benches);
