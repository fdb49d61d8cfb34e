import Foundation
import TestKit
import Testing

/// The product as real processes over real sockets.
@Suite(.sharedPostgres, .timeLimit(.minutes(3)))
enum SystemTests {}

/// One Postgres for a whole suite.
struct SharedPostgresTrait: SuiteTrait, TestScoping {
    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await TestPostgres.withShared { try await function() }
    }
}

/// One product for a suite or a test, in `Product.current`.
struct ProductTrait: SuiteTrait, TestTrait, TestScoping {
    let options: ProductOptions

    @concurrent func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await withProduct(options) { product in
            try await Product.$current.withValue(product) { try await function() }
        }
    }
}

extension Trait where Self == SharedPostgresTrait {
    static var sharedPostgres: Self { SharedPostgresTrait() }
}

extension Trait where Self == ProductTrait {
    /// Runs the suite or test with a product; what the programs did wrong besides is reported at its end.
    static func product(
        workers: Int = 1, hasScheduler: Bool = true, ownsPostgres: Bool = false, _ environment: [String: String] = [:]
    ) -> Self {
        var options = ProductOptions(workers: workers, environment: environment)
        options.hasScheduler = hasScheduler
        options.ownsPostgres = ownsPostgres
        return ProductTrait(options: options)
    }
}

/// Runs `body` with a product; what the programs did wrong besides is reported at its end.
func withProduct(
    _ options: ProductOptions = ProductOptions(), _ body: (Product) async throws -> Void
) async throws {
    for complaint in try await Product.run(options, body) { Issue.record("\(complaint)") }
}

/// The product of the test's scope.
func currentProduct() throws -> Product { try #require(Product.current) }
